"""The work of a chain, candidate by candidate, and the stages that a choice of exits makes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from codesign.policy.selection import selected_candidates
from runtime.contract.cost import StageWork
from runtime.contract.errors import ShapeError
from runtime.contract.work import NO_WORK, Work


@dataclass(frozen=True, slots=True)
class BackboneWorks:
    """One backbone of a chain, cut at its candidate exits; the last candidate is its end.

    `segments[i]` holds the blocks between candidate i - 1 (or the image) and candidate i. The end's classifier belongs
    to its segment, so its head is no work. Raises ShapeError where the two lists do not match.
    """

    segments: tuple[tuple[Work, ...], ...]
    heads: tuple[Work, ...]

    def __post_init__(self) -> None:
        if not self.segments or len(self.segments) != len(self.heads):
            raise ShapeError(
                f"a backbone needs one head per segment and at least one: "
                f"{len(self.segments)} segments, {len(self.heads)} heads"
            )
        if self.heads[-1] != NO_WORK:
            raise ShapeError(
                "the end of a backbone has a head of its own",
                to_do="count its classifier with the last segment and pass NO_WORK as the last head",
            )


def stages_of(chain: Sequence[BackboneWorks], mask: int) -> list[StageWork]:
    """What each stage runs when the early candidates in `mask`, and the last candidate, carry exits.

    A stage runs on from the kept exit before it in the same backbone, or starts that backbone afresh from the image.
    What lies behind a backbone's last kept exit belongs to no stage and never runs.

    Raises:
        ConfigError: the mask names a candidate that the chain does not have.
    """
    places = [(number, index) for number, backbone in enumerate(chain) for index in range(len(backbone.segments))]
    stages = []
    previous_backbone, previous_index = -1, -1
    for candidate in selected_candidates(mask, len(places)):
        number, index = places[candidate]
        first = previous_index + 1 if number == previous_backbone else 0
        backbone = chain[number]
        blocks = tuple(block for segment in backbone.segments[first : index + 1] for block in segment)
        stages.append(StageWork(blocks, backbone.heads[index]))
        previous_backbone, previous_index = number, index
    return stages
