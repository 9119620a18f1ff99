"""codesign/search/chain_works.py"""

from __future__ import annotations

import pytest

from codesign.search.chain_works import BackboneWorks, stages_of
from runtime.contract.cost import StageWork
from runtime.contract.errors import ConfigError, ShapeError
from runtime.contract.work import NO_WORK, Work

A, B, C, D, E = (Work(macs=float(2**k)) for k in range(5))
HEAD = Work(macs=0.5)
SMALL = BackboneWorks(((A,), (B,)), (HEAD, NO_WORK))
LARGE = BackboneWorks(((C,), (D, E)), (HEAD, NO_WORK))


@pytest.mark.parametrize(
    ("mask", "stages"),
    [
        (0b000, [StageWork((C, D, E))]),  # the small network never runs
        (0b001, [StageWork((A,), HEAD), StageWork((C, D, E))]),  # B runs for nobody
        (0b010, [StageWork((A, B)), StageWork((C, D, E))]),
        (0b011, [StageWork((A,), HEAD), StageWork((B,)), StageWork((C, D, E))]),
        (0b101, [StageWork((A,), HEAD), StageWork((C,), HEAD), StageWork((D, E))]),
    ],
)
def test_a_stage_runs_on_in_its_backbone_or_starts_it_afresh(mask: int, stages: list[StageWork]) -> None:
    assert stages_of([SMALL, LARGE], mask) == stages


def test_a_mask_beyond_the_chain_is_refused() -> None:
    with pytest.raises(ConfigError, match="beyond the 3 early candidates"):
        stages_of([SMALL, LARGE], 0b1000)


def test_a_backbone_needs_matching_segments_and_heads_and_no_head_at_its_end() -> None:
    with pytest.raises(ShapeError, match="1 segments, 2 heads"):
        BackboneWorks(((A,),), (HEAD, NO_WORK))
    with pytest.raises(ShapeError, match="has a head of its own"):
        BackboneWorks(((A,),), (HEAD,))
