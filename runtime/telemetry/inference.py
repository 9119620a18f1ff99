"""What a recorder is told: an image that was answered, what its mode promised, and what the board said meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from runtime.contract.errors import ConfigError
from runtime.contract.operating_point import OperatingPoint


@dataclass(frozen=True, slots=True)
class ServedAs:
    """What is alike for all inferences of a mode of a bundle."""

    bundle_id: str
    mode: str
    promised_s: tuple[float, ...]  # by exit, from the start
    promised_j: tuple[float, ...]
    energy_scope: str | None = None
    energy_method: str | None = None
    energy_quantum_w: float | None = None
    energy_kind: str | None = None
    comparable: bool = True  # whether that energy is back to back, as the promise is; else it is in no minute's sum


class Inference(NamedTuple):
    """One image that was answered."""

    at_s: float  # monotonic
    served: ServedAs
    exit_index: int
    entropy_nats: float  # NaN where the exit computed none
    latency_s: float  # from its arrival
    run_s: float  # of that, on the stages
    energy_j: float | None
    # Where the mode's own thresholds would have let it leave, while the daemon is cautious; else it left there.
    usual_exit_index: int | None = None
    usual_entropy_nats: float | None = None
    batch_images: int = 1  # that ran together with it, itself included


class Circumstances(NamedTuple):
    """What the board says, about once a second. None: not known."""

    requested: OperatingPoint | None = None
    applied: OperatingPoint | None = None
    temperature_c: float | None = None
    throttled: int | None = None  # events since boot
    board_j: float | None = None  # of the whole board, growing


@dataclass(frozen=True, slots=True)
class Recording:
    """How much is written, and how often. Raises ConfigError on a value that cannot be meant."""

    commit_s: float = 30.0  # a power cut loses at most that much; flash is written so often
    keep_one_in: int = 10  # inferences that become rows of their own; 0: none
    minute_s: float = 60.0
    queue: int = 200_000  # inferences noted and not yet added up

    def __post_init__(self) -> None:
        if not 0 < self.commit_s <= 3600 or not 0 < self.minute_s <= 3600:
            raise ConfigError(
                f"telemetry is committed every 0 to 3600 s, got {self.commit_s} and minutes of {self.minute_s}",
                to_do="correct --telemetry-commit-s",
            )
        if self.keep_one_in < 0 or self.queue < 1:
            raise ConfigError(f"cannot keep one inference in {self.keep_one_in}", to_do="give 1 or more; 0 for none")
