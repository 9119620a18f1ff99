"""What a cascade asks of a stage, whatever runs it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol


class AnyStage(Protocol):
    """`stage(feeds)` runs it: feeds by input name, each (batch, ...) float32; safe to call from several threads.

    Outputs come in the order of `outputs`: the tensors handed on, then logits (batch, classes), then entropy (batch,)
    in nats. Entropy is a numpy array; the others may stay where the next stage wants them: `numpy.asarray` fetches one,
    a mask of rows picks from one.
    """

    @property
    def where(self) -> str:
        """Names it in error messages."""
        ...

    @property
    def provider(self) -> str:
        """What it really runs on."""
        ...

    @property
    def why_not(self) -> tuple[str, ...]:
        """What was tried before that and why it was not taken, one sentence each; empty: nothing was better."""
        ...

    @property
    def inputs(self) -> tuple[str, ...]:
        """`image`, or names of what the stage before hands on."""
        ...

    @property
    def hands_on(self) -> tuple[str, ...]:
        """Names of the outputs that the next stage may ask for."""
        ...

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of all outputs."""
        ...

    @property
    def starts_fresh(self) -> bool:
        """Whether it needs nothing of the stage before."""
        ...

    def __call__(self, feeds: Mapping[str, Any]) -> Sequence[Any]:
        """Run it. Raises EngineError."""
        ...


def fall_backs(stages: Iterable[AnyStage]) -> tuple[str, ...]:
    """Which stages do not run on the best that was asked for, on what they run, and why: once for each reason."""
    places: dict[tuple[str, str], list[str]] = {}
    for stage in dict.fromkeys(stages):
        if stage.why_not:
            places.setdefault((stage.provider, "; ".join(stage.why_not)), []).append(stage.where)
    return tuple(
        f"{where[0]} {'runs' if len(where) == 1 else f'and {len(where) - 1} more run'} on {provider}: {why}"
        for (provider, why), where in places.items()
    )
