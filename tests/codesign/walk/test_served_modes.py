"""codesign/walk/served_modes.py"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("duckdb", reason="duckdb is not installed (the extra `collect`)")
pytest.importorskip("pyarrow", reason="pyarrow is not installed (the extra `collect`)")

from codesign.search.pricing import Pricing
from codesign.walk.bundle_step import design_id
from codesign.walk.refine_step import RefineOptions, refined
from codesign.walk.refined_bundle import write_refined
from codesign.walk.served_modes import REFINED, ServedModes, of_refinement, of_run
from runtime.contract.errors import ConfigError, StorageError
from runtime.contract.exit_policy import ExitPolicy
from tests.codesign.walk.field import Field, report


@pytest.fixture(scope="module")
def once(field: Field) -> Path:
    """A first refinement."""
    out = field.folder / "refined"
    told = refined(field.settings, field.walked, [field.served], field.ask, RefineOptions())
    out.mkdir()
    write_refined(out / "bundle", field.settings, field.walked, told)
    (out / REFINED).write_text(json.dumps(told.told))
    return out


def test_a_refinement_s_designs_are_made_again_from_what_it_wrote(field: Field, once: Path) -> None:
    found = of_refinement(once, field.walked)
    assert found.chosen.keys() == field.served.chosen.keys()
    assert found.manifest.bundle_id != field.served.manifest.bundle_id


def test_a_refined_bundle_is_refined_again_by_what_both_cost(field: Field, once: Path, tmp_path: Path) -> None:
    again = of_refinement(once, field.walked)
    with report(again, field.settings, field.walked, tmp_path / "store") as store:
        told = refined(
            field.settings, field.walked, [field.served, again], replace(field, store=store).ask, RefineOptions()
        )
    assert told.parent.bundle_id == again.manifest.bundle_id
    assert {name: found.before for name, found in told.found.items()} == dict(again.chosen)


def test_designs_that_the_run_would_not_choose_any_more_are_found_by_their_names(field: Field) -> None:
    accurate = field.walked.modes.accurate
    static = replace(accurate, design=replace(accurate.design, mask=0), policy=ExitPolicy(()))
    others = replace(field.walked.modes, accurate=static, balanced=static, frugal=static, certified=None)
    found = of_run(replace(field.walked, modes=others))
    assert found.manifest == field.served.manifest
    assert {name: design_id(chosen) for name, chosen in found.chosen.items()} == {
        name: design_id(chosen) for name, chosen in field.served.chosen.items()
    }


def test_a_bundle_of_other_networks_is_refused(field: Field) -> None:
    accurate = field.walked.modes.accurate
    strange = replace(accurate, chain=tuple(replace(record, genome=(9, 9)) for record in accurate.chain))
    others = replace(field.walked.modes, accurate=strange, balanced=strange, frugal=strange, certified=None)
    searched = replace(field.walked.searched, finalists={})
    with pytest.raises(ConfigError, match="do not make the designs of its bundle"):
        of_run(replace(field.walked, modes=others, searched=searched))


def test_a_bundle_at_clocks_that_the_board_is_no_longer_said_to_have_is_refused(field: Field) -> None:
    solver = field.walked.searched.solver
    used = {chosen.design.operating_point for chosen in field.served.chosen.values()}
    point = next(point for point in solver.pricing.points if point not in used)
    fewer = replace(solver, pricing=Pricing(solver.pricing.model, (point,), point, point))
    with pytest.raises(ConfigError, match="do not make the designs of its bundle"):
        of_run(replace(field.walked, searched=replace(field.walked.searched, solver=fewer)))


def test_a_folder_without_a_refinement_is_refused(field: Field, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="holds no refinement"):
        of_refinement(tmp_path, field.walked)


@pytest.mark.parametrize("text", ["{", "{}", '{"modes": [{"mode": "balanced", "design": {"networks": ["b0"]}}]}'])
def test_a_damaged_refinement_is_refused(field: Field, tmp_path: Path, text: str) -> None:
    (tmp_path / REFINED).write_text(text)
    with pytest.raises(StorageError, match="designs cannot be read"):
        of_refinement(tmp_path, field.walked)


def test_the_run_s_own_bundle_comes_with_its_certificate(field: Field) -> None:
    found: ServedModes = of_run(field.walked)
    assert (found.certificate is not None) is ("certified" in found.chosen)
