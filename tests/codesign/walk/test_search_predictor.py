from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from codesign.predict.accuracy.supernet_genes import designs_of
from codesign.predict.costs.predictor_file import SavedPredictor
from codesign.walk.fit_where import AS_FOUND
from codesign.walk.search_predictor import SearchPredictor, check_predictor, predictor_of, read_search_predictor
from runtime.contract.errors import ConfigError, DataError
from runtime.contract.kind import Kind
from tests.codesign.walk.conftest import Parts

from .fitted import ON, TIMES, costs_of, networks_of, write_fit

SMALLEST = (0,) * 9


@pytest.fixture(scope="module")
def fit(parts: Parts, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fit's folder, of a board twice as slow as its model."""
    return write_fit(parts, tmp_path_factory.mktemp("fit"))


@pytest.fixture
def predictor(parts: Parts, fit: Path) -> SearchPredictor:
    return read_search_predictor(fit, parts.settings, networks_of(parts))


def test_a_backbone_costs_what_is_predicted_at_the_clocks_of_the_fit(parts: Parts, predictor: SearchPredictor) -> None:
    record, priced = parts.evaluator(SMALLEST), predictor.priced(parts.solver.pricing)
    predicted_s = float(predictor.predict([SMALLEST]).mean[0])
    assert priced.static(record).latency_s[0, priced.default] == pytest.approx(predicted_s, rel=1e-9)
    true_s = costs_of(parts, designs_of(parts.preset.space, [SMALLEST]))[0]
    assert predicted_s == pytest.approx(true_s, rel=0.05)
    assert priced.factors(record).latency > TIMES / 1.1  # the stage overhead is not scaled


def test_prices_are_predicted_and_say_on_what_they_stand(parts: Parts, predictor: SearchPredictor) -> None:
    model = predictor.priced(parts.solver.pricing).model
    assert model.kind is Kind.PREDICTED
    assert "latency of whole backbones predicted from measured ones" in model.hardware
    said = " ".join(model.assumptions())  # type: ignore[attr-defined]
    assert f"measured on {ON}" in said
    assert "stay the board model's, and power is its own" in said
    assert "clocks as found" not in said


def test_clocks_as_found_are_assumed_to_be_the_default_ones(parts: Parts, tmp_path: Path) -> None:
    found = read_search_predictor(
        write_fit(parts, tmp_path / "fit", clocks=AS_FOUND), parts.settings, networks_of(parts)
    )
    priced = found.priced(parts.solver.pricing)
    assert priced.whole is not None
    assert priced.whole.point == priced.points[priced.default]
    assert "assumed to be the board's default ones" in " ".join(priced.model.assumptions())  # type: ignore[attr-defined]


def test_a_folder_can_be_fitted_again_and_its_file_alone_cannot(parts: Parts, fit: Path, tmp_path: Path) -> None:
    (tmp_path / "alone.npz").write_bytes((fit / "predictor.npz").read_bytes())
    networks = networks_of(parts)
    assert read_search_predictor(fit, parts.settings, networks).table == fit / "costs.npz"
    assert read_search_predictor(fit / "predictor.npz", parts.settings, networks).table == fit / "costs.npz"
    assert read_search_predictor(tmp_path / "alone.npz", parts.settings, networks).table is None


def test_a_run_that_names_none_has_none(parts: Parts, fit: Path) -> None:
    assert predictor_of(parts.settings, parts.preset.space, parts.data) is None
    found = predictor_of(replace(parts.settings, predictor=str(fit)), parts.preset.space, parts.data)
    assert found is not None
    assert found.cost == "latency"


def test_what_is_told_counts_backbones_outside_the_range_it_was_fitted_on(
    parts: Parts, predictor: SearchPredictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = [parts.evaluator(SMALLEST), parts.evaluator((0, 1, 0, 0, 0, 0, 0, 0, 0))]
    assert predictor.told(records)["outside"] == []
    really = predictor.predict(tuple(record.genome for record in records))
    first_outside = replace(really, outside=np.array([True, False]))
    monkeypatch.setattr(SearchPredictor, "predict", lambda _self, _genomes: first_outside)
    told = predictor.told(records)
    assert told["outside"] == [records[0].name]
    assert told["fitted_on"] == {"kind": "measured", "on": ON, "samples": predictor.samples}
    assert told["measured"] is None


@pytest.mark.parametrize(
    ("provenance", "message"),
    [
        ({"board": "nano"}, "was fitted for board nano, this run has orin-nano-super"),
        ({"device": "cpu"}, "was fitted for device cpu, this run has gpu"),
        ({"image": "8x8"}, "was fitted for image 8x8, this run has 32x32"),
        ({"classes": "7"}, "was fitted for classes 7, this run has 3"),
        ({"space": "tiny"}, "was fitted for space tiny, this run has small"),
        ({"space_sha256": "0" * 64}, "was fitted for another space"),
    ],
)
def test_a_predictor_of_something_else_is_refused(
    parts: Parts, predictor: SearchPredictor, provenance: dict[str, str], message: str
) -> None:
    saved = replace(predictor.saved, provenance={**predictor.saved.provenance, **provenance})
    refused(parts, saved, message)


@pytest.mark.parametrize("name", ["board", "samples", "clocks", "kind"])
def test_a_predictor_that_does_not_say_what_it_is_of_is_refused(
    parts: Parts, predictor: SearchPredictor, name: str
) -> None:
    kept = {key: value for key, value in predictor.saved.provenance.items() if key != name}
    refused(parts, replace(predictor.saved, provenance=kept), f"does not say of which {name} it is")


def test_a_predictor_of_memory_or_of_other_genes_is_refused(parts: Parts, predictor: SearchPredictor) -> None:
    refused(parts, replace(predictor.saved, cost_unit="bytes"), "is of 'bytes', not of latency or energy")
    genes = replace(predictor.saved.genes, names=("depth", *predictor.saved.genes.names[1:]))
    refused(parts, replace(predictor.saved, genes=genes), "genes are not those of this space")


def refused(parts: Parts, saved: SavedPredictor, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        check_predictor(saved, parts.settings, networks_of(parts), "the file")


def test_no_file_is_said(parts: Parts, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        read_search_predictor(tmp_path / "gone", parts.settings, networks_of(parts))
