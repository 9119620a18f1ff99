"""What a refinement writes is a bundle like any other, that names its parent."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("duckdb", reason="duckdb is not installed (the extra `collect`)")
pytest.importorskip("pyarrow", reason="pyarrow is not installed (the extra `collect`)")

from codesign.bundle.read_back import read_back
from codesign.walk.refine_step import Refinement, RefineOptions, refined
from codesign.walk.refined_bundle import write_refined
from runtime.contract.bundle_files import read_modes, read_promises
from runtime.contract.kind import Kind
from runtime.contract.manifest import Manifest, read_manifest
from tests.codesign.walk.field import Field


@pytest.fixture(scope="module")
def written(field: Field) -> tuple[Path, Refinement]:
    refinement = refined(field.settings, field.walked, [field.served], field.ask, RefineOptions())
    out = field.folder / "written" / "bundle"
    out.parent.mkdir()
    write_refined(out, field.settings, field.walked, refinement)
    return out, refinement


def manifest_of(written: tuple[Path, Refinement]) -> Manifest:
    return read_manifest(written[0])


def test_a_board_would_accept_it(written: tuple[Path, Refinement]) -> None:
    assert read_back(written[0]) == manifest_of(written)


def test_it_is_another_bundle_and_says_whose_child_it_is(field: Field, written: tuple[Path, Refinement]) -> None:
    manifest = manifest_of(written)
    assert manifest.bundle_id != field.served.manifest.bundle_id
    told = manifest.provenance["refined"]
    assert told["parent"] == field.served.manifest.bundle_id
    assert told["units"] == 3
    assert told["images"] >= told["single_images"] > 0


def test_its_promises_are_predicted_at_refined_prices(written: tuple[Path, Refinement]) -> None:
    bundle, refinement = written
    modes = read_modes(bundle, manifest_of(written))
    promises = read_promises(bundle, manifest_of(written), modes)
    for name, found in refinement.found.items():
        assert promises[name].kind is Kind.PREDICTED
        assert "refined" in promises[name].hardware
        run = refinement.bench.run(found.after)
        promised_j = sum(float(share) * promises[name].energy_j(k) for k, share in enumerate(run.shares))
        assert modes[name].expected["energy_j"].value == pytest.approx(promised_j)


def test_expected_exits_are_those_that_were_served_and_expected_answers_those_of_labelled_images(
    field: Field, written: tuple[Path, Refinement]
) -> None:
    bundle, refinement = written
    for name, mode in read_modes(bundle, manifest_of(written)).items():
        run = refinement.bench.run(refinement.found[name].after)
        assert mode.exit_shares == pytest.approx(tuple(run.shares))
        assert mode.expected_answers is not None
        data = field.walked.data
        assert mode.expected_answers.images == len(data.select.labels) + len(data.certify.labels)
