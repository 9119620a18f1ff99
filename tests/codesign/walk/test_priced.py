"""codesign/walk/priced.py: a predictor that fails on a backbone costs that backbone, not the search."""

from __future__ import annotations

from dataclasses import replace

from codesign.search.backbone_record import Genome
from codesign.search.pricing import Pricing
from codesign.search.whole_costs import WholeCosts
from codesign.walk.archive import RunArchive
from codesign.walk.archive_file import read_archive
from codesign.walk.far_work import Failed
from codesign.walk.outer_step import run_outer_search
from codesign.walk.priced import priced
from tests.codesign.search.records import pricing, record
from tests.codesign.walk.conftest import Parts

BAD = (0,) * 9


def failing_on(genome: Genome, plain: Pricing) -> Pricing:
    """A predictor whose answer for one backbone is no cost at all; for the others, what the model says."""

    def cost(asked: Genome) -> float:
        return -1.0 if asked == genome else 1.0

    points = plain.points
    whole = WholeCosts(cost, "j", points[plain.default])
    return Pricing(plain.model, points, points[plain.default], points[plain.fastest], whole)


def test_a_backbone_without_a_price_becomes_a_failure_with_the_reason() -> None:
    asked = failing_on((0,), pricing())
    found = priced(record((0,)), asked)
    assert isinstance(found, Failed)
    assert "costs -1 j by the predictor" in found.reason
    good = record((1,))
    assert priced(good, asked) is good
    failed = Failed((5,), "its graph has no end")
    assert priced(failed, asked) is failed


def test_a_search_goes_on_without_the_backbones_that_its_predictor_fails_on(parts: Parts) -> None:
    solver = replace(parts.solver, pricing=failing_on(BAD, parts.solver.pricing))
    folder = parts.folder
    before = len(read_archive(folder.archive).entries)
    archive = RunArchive(folder, parts.evaluator.supernet, parts.data, parts.settings.score, 5)
    found = run_outer_search(
        parts.evaluator, solver, population=4, generations=2, max_accuracy_loss=0.25, seed=5, tick=parts.tick,
        archive=archive,
    )  # fmt: skip
    assert found.records
    assert BAD not in {known.genome for known in found.records}
    assert all(known.genome != BAD for result in found.results for known in result.chain)
    assert len(read_archive(folder.archive).entries) >= before


def test_what_is_foreseen_of_a_backbone_without_a_price_is_left_out(parts: Parts) -> None:
    solver = replace(parts.solver, pricing=failing_on(BAD, parts.solver.pricing))
    found = run_outer_search(
        parts.evaluator, solver, population=4, generations=3, max_accuracy_loss=0.25, seed=5, tick=parts.tick,
        foresee=True,
    )  # fmt: skip
    assert BAD not in {known.genome for known in found.records}
