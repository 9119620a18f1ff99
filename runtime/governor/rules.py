"""What a governor is told once: the service it owes, the board's limits, and how restless it may be."""

from __future__ import annotations

from dataclasses import dataclass

from runtime.contract.errors import ConfigError

DWELL_SETTLES = 50.0  # switches may take up 2 % of the time at most


@dataclass(frozen=True, slots=True)
class Rules:
    """Raises ConfigError on a value that cannot be meant."""

    mode: str  # what is served while nothing presses
    shed_to: tuple[str, ...] = ()  # cheaper modes that may be served instead, the most accurate first
    deadline_s: float = 0.1  # of a request, from its arrival
    on_time: float = 0.99  # share of requests that must meet it
    settle_s: float = 0.01  # until a switch of clocks has taken effect
    write_s: float = 0.015  # a switch of all clocks blocks its writer that long
    switch_w: float = 1.0  # drawn above idle meanwhile; assumed: one core at work
    throttle_c: float | None = None  # where the board would slow itself down; None: not known
    margin_c: float = 6.0  # power is held back from this far below
    release_c: float = 4.0  # and let go again this far below that
    low_battery: float = 0.2  # share of charge at which to shed
    battery_release: float = 0.05  # and this much above it to return
    gain: float = 0.03  # a switch must save this share of power
    busiest: float = 0.85  # share of time a server may be busy as planned
    headroom: float = 1.25  # the rate may turn out so many times higher than forecast
    park: bool = True  # go to the clocks that wait cheapest when nothing has come for long enough

    def __post_init__(self) -> None:
        for name in ("deadline_s", "settle_s", "write_s", "margin_c", "release_c", "headroom", "busiest", "switch_w"):
            if not getattr(self, name) > 0:
                raise ConfigError(f"{name} must be above 0, got {getattr(self, name)}", to_do="correct the rule")
        for name in ("on_time", "low_battery", "battery_release", "gain"):
            if not 0 <= getattr(self, name) < 1:
                raise ConfigError(f"{name} is a share from 0 to below 1, got {getattr(self, name)}", to_do="correct it")
        if self.mode in self.shed_to:
            raise ConfigError(f"{self.mode!r} cannot be shed to from itself", to_do="name cheaper modes only")

    @property
    def dwell_s(self) -> float:
        """Least time between two switches; only waking from parked clocks is exempt."""
        return DWELL_SETTLES * self.settle_s

    @property
    def modes(self) -> tuple[str, ...]:
        """All that may be served."""
        return (self.mode, *self.shed_to)
