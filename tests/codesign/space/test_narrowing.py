"""codesign/space/narrowing.py"""

from __future__ import annotations

import pytest

from codesign.space.backbone_space import BackboneSpace
from codesign.space.narrowing import all_choices, narrowed_choices
from codesign.space.preset import load_preset
from runtime.contract.errors import ConfigError


def tiny() -> BackboneSpace:
    return load_preset("tiny").space


def values(space: BackboneSpace, *left_out: str) -> dict[str, list[int]]:
    choices = narrowed_choices(space, left_out)
    named = zip(space.gene_names, space.gene_choices, choices, strict=True)
    return {name: [offered[place] for place in places] for name, offered, places in named}


def test_with_nothing_left_out_everything_may_be_chosen() -> None:
    space = tiny()
    assert narrowed_choices(space, ()) == all_choices(space)
    assert values(space)["stage1.depth"] == [1, 2, 3]


def test_a_value_of_one_gene_is_left_out_there_only() -> None:
    left = values(tiny(), "stage1.kernel=5")
    assert left["stage1.kernel"] == [3]
    assert left["stage2.kernel"] == [3, 5]


def test_without_a_stage_it_is_left_out_wherever_it_is_offered() -> None:
    left = values(tiny(), "kernel=5")
    assert [left[f"stage{number}.kernel"] for number in range(3)] == [[3], [3], [3]]


def test_several_values_and_several_genes_may_be_left_out() -> None:
    left = values(tiny(), "resolution=16, 24", "stage0.width=24")
    assert left["resolution"] == [32]
    assert left["stage0.width"] == [16]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "stage7.kernel=3",
            r"space 'tiny' has no gene 'stage7.kernel'\n  where: --leave-out stage7.kernel=3\n",
        ),
        (
            "kernel=7",
            r"kernel has no value 7 in space 'tiny'\n.*\n  to do: leave out some of 3, 5",
        ),
        ("kernel=five", r"--leave-out takes GENE=VALUE with whole numbers, not 'kernel=five'"),
        ("kernel", r"--leave-out takes GENE=VALUE with whole numbers, not 'kernel'"),
        ("kernel=3", r"nothing of stage0.kernel remains to be chosen"),
    ],
)
def test_what_cannot_be_left_out_is_named(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        narrowed_choices(tiny(), [text])
