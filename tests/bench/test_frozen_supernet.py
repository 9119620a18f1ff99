"""tests/bench/frozen_supernet.py"""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from codesign.policy.exit_log import ExitLog
from codesign.search.backbone_record import BackboneRecord, Genome
from codesign.space.backbone_space import BackboneSpace, StageSpace
from runtime.contract.cost import StageWork
from tests.bench.frozen_supernet import FrozenSupernet, counted_works, genes_before

SPACE = BackboneSpace(
    "two stages",
    (8, 12),
    4,
    1,
    (StageSpace((4, 6), (1, 2), (3,), (2,), 2), StageSpace((6,), (1, 2), (3,), (2,), 2)),
    8,
    "relu",
    1,
)
SIDE, SAMPLES, CLASSES = 12, 40, 3
EVERY: list[Genome] = [tuple(genome) for genome in product(*(range(len(values)) for values in SPACE.gene_choices))]


def evaluated(genome: Genome) -> BackboneRecord:
    """Deeper and larger is righter, on images of fixed hardness."""
    works = counted_works(SPACE, SPACE.decode(np.asarray(genome)), CLASSES, SIDE)
    hardness = np.random.default_rng(1).random(SAMPLES)
    labels = np.random.default_rng(2).integers(0, CLASSES, SAMPLES)
    labels[0] = CLASSES - 1
    skill = np.linspace(0.4, 0.6 + 0.07 * sum(genome), len(works.heads))[:, None]
    predictions = np.where(skill > hardness, labels, labels + 1)
    blocks = [block for segment in works.segments for block in segment]
    log = ExitLog(np.abs(skill - hardness), predictions, labels)
    return BackboneRecord(genome, works, StageWork(tuple(blocks[:-1])), log)


@pytest.fixture(scope="module")
def records() -> dict[Genome, BackboneRecord]:
    return {genome: evaluated(genome) for genome in EVERY}


def test_an_evaluated_backbone_answers_about_as_it_did(records: dict[Genome, BackboneRecord]) -> None:
    frozen = FrozenSupernet(SPACE, list(records.values()), SIDE)
    for genome in EVERY[::3]:
        assert (frozen.record(genome).log.correct == records[genome].log.correct).mean() > 0.95


def test_another_is_near_and_its_work_is_exact(records: dict[Genome, BackboneRecord]) -> None:
    left_out = EVERY[5::7]
    frozen = FrozenSupernet(SPACE, [one for genome, one in records.items() if genome not in left_out], SIDE)
    for genome in left_out:
        guessed, true = frozen.record(genome), records[genome]
        assert guessed.works == true.works
        assert guessed.static == true.static
        assert guessed.log.correct.mean(axis=1) == pytest.approx(true.log.correct.mean(axis=1), abs=0.12)


def test_work_that_no_evaluated_backbone_has_is_counted(records: dict[Genome, BackboneRecord]) -> None:
    frozen = FrozenSupernet(SPACE, [records[EVERY[0]], records[EVERY[-1]]], SIDE)
    at_low_resolution = (0, *EVERY[-1][1:])
    assert frozen.record(at_low_resolution).works == records[at_low_resolution].works


def test_an_exit_feels_only_what_lies_before_it() -> None:
    names = [SPACE.gene_names[gene] for gene in genes_before(SPACE, (1, 0))]
    assert "stage1.depth" not in names
    assert {"resolution", "stage0.depth", "stage1.width"} <= set(names)
    assert len(genes_before(SPACE, None)) == len(SPACE.gene_names)
