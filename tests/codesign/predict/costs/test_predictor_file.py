"""codesign/predict/costs/predictor_file.py"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from codesign.predict.costs.genes import Genes
from codesign.predict.costs.plain_arrays import read_plain_arrays, write_plain_arrays
from codesign.predict.costs.predictor_file import Maker, SavedPredictor, read_predictor, write_predictor
from runtime.contract.errors import DataError

from .one_mean import OneMean

DESIGNS = np.array([[3, 128], [5, 160], [7, 224]])
GENES = Genes.named(("kernel_0", "resolution")).with_values_of(DESIGNS)
MAKERS: Mapping[str, Maker] = {"mean": lambda genes, _: OneMean(genes)}


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    fitted = OneMean(GENES).fit(DESIGNS, np.array([1.0, 2.0, 4.0]), np.random.default_rng(0))
    path = tmp_path / "predictor.npz"
    write_predictor(path, SavedPredictor("mean", "fcc", GENES, "s", {"board": "µ-board"}, fitted))
    return path


def rewritten(path: Path, arrays: Mapping[str, Any] | None = None, **header: object) -> Path:
    """The file with some arrays (None: gone) and some entries of its header replaced."""
    found: dict[str, Any] = read_plain_arrays(path, "a predictor")
    entries = {**json.loads(str(found["header"])), **header}
    found["header"] = np.array(json.dumps(entries))
    found.update(arrays or {})
    write_plain_arrays(path, {name: array for name, array in found.items() if array is not None})
    return path


def test_a_saved_predictor_predicts_the_same_bit_for_bit(saved: Path) -> None:
    again = read_predictor(saved, MAKERS)
    fitted = OneMean(GENES).fit(DESIGNS, np.array([1.0, 2.0, 4.0]), np.random.default_rng(0))
    unseen = np.array([[3, 128], [4, 512]])
    for name in ("mean", "low", "high", "outside"):
        expected = getattr(fitted.predict(unseen), name).tolist()
        assert getattr(again.fitted.predict(unseen), name).tolist() == expected
    assert (again.model, again.encoding, again.cost_unit) == ("mean", "fcc", "s")
    assert again.genes == GENES
    assert again.provenance == {"board": "µ-board"}


def test_choices_come_back_too(tmp_path: Path) -> None:
    genes = Genes.named(("layer_0",), ("skip", "conv"))
    designs = np.array([[0], [1]])
    fitted = OneMean(genes).fit(designs, np.array([1.0, 2.0]), np.random.default_rng(0))
    write_predictor(tmp_path / "p.npz", SavedPredictor("mean", "fc", genes, "j", {}, fitted))
    assert read_predictor(tmp_path / "p.npz", MAKERS).genes == genes


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ({"version": 2}, "a predictor of version 2, but this program reads version 1\n.*\n  to do: fit it again"),
        ({"format": "song"}, "not a predictor: its header says otherwise"),
        ({"model": "oracle"}, "of model 'oracle', which this version does not have\n.*\n  to do: fit one of mean"),
        ({"model": 7}, "the predictor's model cannot be read"),
        ({"encoding": None}, "the predictor's encoding cannot be read"),
        ({"cost_unit": None}, "the predictor's cost_unit cannot be read"),
        ({"provenance": [1]}, "the predictor's provenance cannot be read"),
        ({"provenance": {"seed": 1}}, "the predictor's provenance cannot be read"),
        ({"gene_names": ["kernel_0", 3]}, "the predictor's genes cannot be read"),
        ({"gene_names": ["kernel_0", "kernel_0"]}, "the predictor's genes cannot be read"),
        ({"gene_values": [[3, "5"], [1]]}, "the predictor's genes cannot be read"),
        ({"gene_values": 3}, "the predictor's genes cannot be read"),
    ],
)
def test_a_header_that_does_not_fit_is_refused(saved: Path, header: dict[str, object], message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_predictor(rewritten(saved, **header), MAKERS)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"header": None}, "not a predictor: it has no header"),
        ({"header": np.array([1.0])}, "not a predictor: it has no header"),
        ({"header": np.array("{")}, "the predictor's header cannot be read"),
        ({"header": np.array("[]")}, "not a predictor: its header says otherwise"),
        ({"fitted.mean": None}, "`mean` is missing\n  where: .*predictor.npz"),
    ],
)
def test_a_damaged_predictor_is_refused(saved: Path, arrays: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_predictor(rewritten(saved, arrays), MAKERS)


def test_a_cost_table_is_no_predictor(tmp_path: Path) -> None:
    write_plain_arrays(tmp_path / "table.npz", {"genome": np.ones((2, 2))})
    with pytest.raises(DataError, match="not a predictor: it has no header"):
        read_predictor(tmp_path / "table.npz", MAKERS)


def test_an_encoding_that_this_version_does_not_have_is_refused(saved: Path) -> None:
    encodings = {"fcc": OneMean}
    makers: Mapping[str, Maker] = {name: lambda _, encoding: encodings[encoding]() for name in MAKERS}
    with pytest.raises(
        DataError, match=r"is of encoding 'own', which this version does not have\n  where: .*predictor"
    ):
        read_predictor(rewritten(saved, encoding="own"), makers)
