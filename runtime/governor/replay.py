"""What a governor would have done: a recorded trace of signals decided again, and how that time was spent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

from runtime.contract.errors import DataError

from .decide import Decision, decide, first_state
from .offers import Offers
from .rules import Rules
from .signals import Signals


@dataclass(frozen=True, slots=True)
class Step:
    """One moment of a trace and what was decided then."""

    signals: Signals
    decision: Decision

    def to_json(self) -> dict[str, Any]:
        """The same as a JSON object."""
        told = asdict(self.decision) | {"operating_point": self.decision.operating_point.to_json()}
        return {"signals": self.signals.to_json(), "decision": told}


@dataclass(frozen=True, slots=True)
class Summary:
    """How the time of a trace was spent. Power is the promise's, at the forecast rates: predicted, not measured."""

    seconds: float
    switches: int  # of clocks, parking and waking included
    mode_shares: dict[str, float]  # of the time
    parked_share: float
    mean_w: float
    most_c: float | None

    def to_json(self) -> dict[str, Any]:
        """The same as a JSON object."""
        return asdict(self)


def replay_trace(trace: Iterable[Signals], rules: Rules, offers: Offers) -> Iterator[Step]:
    """Decide a trace again, row by row; the same trace, the same decisions."""
    state = None
    for signals in trace:
        state = first_state(signals, rules, offers) if state is None else state
        state, decision = decide(state, signals, rules, offers)
        yield Step(signals, decision)


def summarise(steps: Sequence[Step]) -> Summary:
    """Each decision counts until the next row. Raises DataError where there is no time between first and last."""
    seconds = steps[-1].signals.at_s - steps[0].signals.at_s if steps else 0.0
    if seconds <= 0.0:
        raise DataError("the trace spans no time", to_do="record two moments or more")
    mode_s: dict[str, float] = {}
    parked_s = joules = 0.0
    switches = 0
    for step, after in pairwise(steps):
        held_s = after.signals.at_s - step.signals.at_s
        mode_s[step.decision.mode] = mode_s.get(step.decision.mode, 0.0) + held_s
        parked_s += held_s * step.decision.parked
        joules += held_s * step.decision.drawn_w
        switches += step.decision.operating_point != after.decision.operating_point
    temperatures = [step.signals.temperature_c for step in steps if step.signals.temperature_c is not None]
    return Summary(
        seconds=seconds,
        switches=switches,
        mode_shares={mode: spent_s / seconds for mode, spent_s in mode_s.items()},
        parked_share=parked_s / seconds,
        mean_w=joules / seconds,
        most_c=max(temperatures, default=None),
    )
