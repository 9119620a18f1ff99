from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesign.space.backbone_space import BackboneDesign, StageChoice, StageSpace, exit_positions
from runtime.contract.errors import ConfigError
from tests.codesign.small_networks import SPACE, design

GENOMES = st.tuples(*(st.integers(0, len(values) - 1) for values in SPACE.gene_choices)).map(np.asarray)


@given(GENOMES)
def test_a_genome_decodes_to_a_backbone_that_encodes_to_the_genome(genome: np.ndarray[Any, Any]) -> None:
    assert SPACE.encode(SPACE.decode(genome)).tolist() == genome.tolist()


def test_every_genome_is_another_backbone_and_size_counts_them() -> None:
    genomes = np.ndindex(*(len(values) for values in SPACE.gene_choices))
    assert len({SPACE.decode(np.asarray(genome)) for genome in genomes}) == SPACE.size == 2 * 16 * 8


def test_genes_come_as_resolution_then_width_depth_kernel_expansion_of_each_stage() -> None:
    assert SPACE.gene_names[:5] == ("resolution", "stage0.width", "stage0.depth", "stage0.kernel", "stage0.expansion")
    assert SPACE.gene_names[5] == "stage1.width"
    assert design(1, 0, 1, 0, 1, 1, 0, 1, 0) == BackboneDesign(
        16,
        (StageChoice(width=8, depth=2, kernel=3, expansion=2), StageChoice(width=16, depth=1, kernel=5, expansion=2)),
    )


def test_the_largest_and_the_smallest_bound_every_backbone() -> None:
    largest, smallest = SPACE.largest(), SPACE.smallest()
    assert (largest.resolution, largest.blocks) == (16, 4)
    assert (smallest.resolution, smallest.blocks) == (12, 2)
    assert largest.stages[0] == StageChoice(12, 2, 5, 2)
    assert smallest.stages[0] == StageChoice(8, 1, 3, 1)


def test_sampling_reaches_every_choice_of_every_gene_and_follows_its_seed() -> None:
    rng = np.random.default_rng(0)
    genomes = np.stack([SPACE.encode(SPACE.sample(rng)) for _ in range(100)])
    assert [set(column) for column in genomes.T] == [set(range(len(values))) for values in SPACE.gene_choices]
    assert SPACE.sample(np.random.default_rng(3)) == SPACE.sample(np.random.default_rng(3))


def test_a_backbone_reads_as_a_line() -> None:
    assert str(SPACE.smallest()) == "MBConv at 12 px: 1×(w8 k3 e1), 1×(w12 k3 e2)"


@pytest.mark.parametrize(
    ("genome", "message"),
    [
        ([0] * 8, "a genome of space 'small' has 9 genes, got 8"),
        ([2, *[0] * 8], "gene resolution has 2 choices, got index 2"),
        ([0, -1, *[0] * 7], r"gene stage0\.width has 2 choices, got index -1"),
    ],
)
def test_a_genome_of_another_space_is_refused(genome: list[int], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        SPACE.decode(np.asarray(genome))


def test_a_backbone_of_another_space_has_no_genome() -> None:
    smallest = SPACE.smallest()
    with pytest.raises(ConfigError, match=r"resolution=20 is not in space 'small', which offers \(12, 16\)"):
        SPACE.encode(replace(smallest, resolution=20))
    with pytest.raises(ConfigError, match="has 1 stages; space 'small' has 2"):
        SPACE.encode(replace(smallest, stages=smallest.stages[:1]))


STAGE = SPACE.stages[0]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"stages": ()}, "space 'small' has no stages"),
        ({"stages": (replace(STAGE, widths=()),)}, r"stages\[0\]\.width must be ascending positive choices, got \(\)"),
        ({"stages": (STAGE, replace(STAGE, depths=(2, 1)))}, r"stages\[1\]\.depth must be ascending positive choices"),
        ({"stages": (replace(STAGE, expansions=(2, 2)),)}, r"stages\[0\]\.expansion must be ascending positive"),
        ({"stages": (replace(STAGE, depths=(0, 1)),)}, r"stages\[0\]\.depth must be ascending positive choices"),
        ({"stages": (replace(STAGE, kernels=(3, 4)),)}, r"stages\[0\]\.kernel must be odd, got \(3, 4\)"),
        ({"stages": (replace(STAGE, stride=0),)}, r"stages\[0\]\.stride must be at least 1, got 0"),
        ({"resolutions": ()}, r"resolutions must be ascending and positive, got \(\)"),
        ({"resolutions": (16, 12)}, "resolutions must be ascending and positive"),
        ({"resolutions": (0, 12)}, "resolutions must be ascending and positive"),
        ({"stem_width": 0}, "stem_width must be at least 1, got 0"),
        ({"stem_stride": 0}, "stem_stride must be at least 1, got 0"),
        ({"last_width": -1}, "last_width must be at least 1, got -1"),
        ({"activation": "gelu"}, "unknown activation 'gelu'; use relu or hardswish"),
        ({"first_exit": 0}, "first_exit counts from 1, got 0"),
        ({"first_exit": 2}, "first_exit=2 leaves no exit to the smallest backbone, which has 2 blocks"),
    ],
)
def test_a_space_that_cannot_be_built_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        replace(SPACE, **changes)


def test_exits_are_offered_after_every_block_but_the_last() -> None:
    assert exit_positions(SPACE, SPACE.largest()) == ((0, 0), (0, 1), (1, 0))
    assert exit_positions(SPACE, SPACE.smallest()) == ((0, 0),)


def test_exits_are_offered_from_the_first_exit_on_counted_over_stages() -> None:
    deep = replace(SPACE, stages=(StageSpace((8,), (2, 3), (3,), (1,), 1), StageSpace((8,), (2,), (3,), (1,), 1)))
    assert exit_positions(replace(deep, first_exit=3), deep.largest()) == ((0, 2), (1, 0))
    assert exit_positions(replace(deep, first_exit=3), deep.smallest()) == ((1, 0),)
