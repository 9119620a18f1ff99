"""codesign/predict/models/models.py: what every model with every encoding must do."""

from __future__ import annotations

from dataclasses import fields, replace
from functools import cache

import numpy as np
import pytest

from codesign.predict.costs.metrics import mape
from codesign.predict.costs.predictor import Fitted
from codesign.predict.models.encoded_model import EncodedModel
from codesign.predict.models.mlp import Perceptron
from codesign.predict.models.models import MODELS, pairs_for
from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.errors import DataError, ShapeError

from .boards import CELLS, FBNET, RESNET, designs_and_costs

SPACE_OF = {"statistical": CELLS, "fc": RESNET, "fcc": RESNET}  # others: FBNet
PAIRS = pairs_for(FBNET)
every_pair = pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: f"{pair[0]}, {pair[1]}")
every_model = pytest.mark.parametrize("name", MODELS)


def model_of(pair: tuple[str, str], folds: int = 2) -> EncodedModel:
    """With few folds and little training, into which most of the time goes."""
    name, encoding = pair
    made = MODELS[name].make(SPACE_OF.get(encoding, FBNET), encoding)
    assert isinstance(made, EncodedModel)
    brief = Perceptron(steps=100) if isinstance(made.regression, Perceptron) else made.regression
    return replace(made, folds=folds, regression=brief)


@cache
def fitted(pair: tuple[str, str], scale: float = 1.0) -> Fitted:
    model = model_of(pair)
    designs, costs = designs_and_costs(model.genes, 30)
    return model.fit(designs, scale * costs, np.random.default_rng(1))


def unseen(pair: tuple[str, str]) -> tuple[IntArray, FloatArray]:
    return designs_and_costs(model_of(pair).genes, 200, seed=5)


@every_pair
def test_thirty_samples_are_enough_for_finite_costs_above_zero(pair: tuple[str, str]) -> None:
    designs, costs = unseen(pair)
    found = fitted(pair).predict(designs)
    for values in (found.mean, found.low, found.high):
        assert np.isfinite(values).all()
        assert (values > 0).all()
    assert (found.low <= found.mean).all()
    assert (found.mean <= found.high).all()
    assert mape(costs, found.mean) < 0.3
    assert not found.calibrated  # that takes a hundred


@every_pair
def test_the_same_seed_gives_the_same_predictor(pair: tuple[str, str]) -> None:
    model = model_of(pair)
    again = model.fit(*designs_and_costs(model.genes, 30), np.random.default_rng(1))
    designs = unseen(pair)[0]
    assert again.predict(designs).mean.tolist() == fitted(pair).predict(designs).mean.tolist()


@every_pair
def test_a_restored_predictor_predicts_the_same_bit_for_bit(pair: tuple[str, str]) -> None:
    again = model_of(pair).restored(fitted(pair).as_arrays())
    designs = unseen(pair)[0]
    found, expected = again.predict(designs), fitted(pair).predict(designs)
    for part in fields(expected):
        assert np.array_equal(getattr(found, part.name), getattr(expected, part.name))


@every_pair
def test_what_is_stored_needs_no_pickle(pair: tuple[str, str]) -> None:
    assert {array.dtype.kind for array in fitted(pair).as_arrays().values()} <= set("fiub")


@every_pair
def test_each_stored_array_is_needed(pair: tuple[str, str]) -> None:
    arrays = fitted(pair).as_arrays()
    for name in arrays:
        with pytest.raises(DataError, match=f"`{name}` is missing or damaged"):
            model_of(pair).restored({other: array for other, array in arrays.items() if other != name})


@every_pair
def test_costs_in_a_unit_a_thousand_times_smaller_are_predicted_a_thousand_times_larger(pair: tuple[str, str]) -> None:
    designs = unseen(pair)[0]
    expected = 1000.0 * fitted(pair).predict(designs).mean
    # A perceptron's training blows the last digit up, the others' does not.
    assert fitted(pair, 1000.0).predict(designs).mean == pytest.approx(expected, rel=0.05)


@every_pair
def test_a_design_with_a_value_that_no_sample_had_is_outside_and_its_interval_wider(pair: tuple[str, str]) -> None:
    model = model_of(pair)
    genes = model.genes
    designs, costs = designs_and_costs(genes, 30)
    places = list(zip(genes.features, genes.units, strict=True))
    alike = [gene for gene, place in enumerate(places) if place == places[0]]
    usual, unheard_of = genes.values[0][0], genes.values[0][-1]
    designs[:, alike] = np.where(designs[:, alike] == unheard_of, usual, designs[:, alike])
    found = model.fit(designs, costs, np.random.default_rng(1))
    strange = designs[[0, 0]]
    strange[1, 0] = unheard_of
    prediction = found.predict(strange)
    assert prediction.outside.tolist() == [False, True]
    widths = np.log(prediction.high / prediction.low)
    assert widths[1] > widths[0]


@every_model
@pytest.mark.parametrize("wrong", [np.nan, np.inf, 0.0, -1.0])
def test_a_cost_that_is_not_finite_or_not_above_zero_is_refused(name: str, wrong: float) -> None:
    model = model_of((name, MODELS[name].encodings[-1]))
    designs, costs = designs_and_costs(model.genes, 30)
    costs[3] = wrong
    with pytest.raises(DataError, match=r"cannot be a cost \(1 like it\)\n  where: sample 3"):
        model.fit(designs, costs, np.random.default_rng(1))


@every_model
def test_one_design_fits_nothing_however_often_it_was_measured(name: str) -> None:
    model = model_of((name, MODELS[name].encodings[-1]))
    designs, costs = designs_and_costs(model.genes, 1)
    with pytest.raises(DataError, match="1 distinct designs fit nothing"):
        model.fit(designs.repeat(5, axis=0), costs.repeat(5), np.random.default_rng(1))


@every_model
def test_two_designs_give_a_predictor_if_a_poor_one(name: str) -> None:
    model = model_of((name, MODELS[name].encodings[-1]), folds=10)
    designs, costs = designs_and_costs(model.genes, 2)
    found = model.fit(designs, costs, np.random.default_rng(1)).predict(designs)
    assert np.isfinite(found.mean).all()


@every_model
def test_designs_of_another_space_are_refused(name: str) -> None:
    pair = (name, MODELS[name].encodings[-1])
    designs, costs = designs_and_costs(model_of(pair).genes, 30)
    with pytest.raises(ShapeError, match="designs must be whole numbers"):
        model_of(pair).fit(designs[:, :-1], costs, np.random.default_rng(1))
    with pytest.raises(ShapeError, match="designs must be whole numbers"):
        fitted(pair).predict(designs[:, :-1])


@every_model
def test_samples_that_all_cost_the_same_are_predicted_to(name: str) -> None:
    model = model_of((name, MODELS[name].encodings[-1]))
    designs = designs_and_costs(model.genes, 30)[0]
    found = model.fit(designs, np.full(30, 0.02), np.random.default_rng(1)).predict(designs)
    assert found.mean == pytest.approx(0.02, rel=0.05)


def test_a_space_whose_layers_are_not_known_has_the_models_that_do_without() -> None:
    names = {name for name, _ in pairs_for(RESNET)}
    assert names == set(MODELS) - {"flops", "paleo", "eyeriss", "neuralpower"}
    assert all(encoding != "layers" for _, encoding in pairs_for(RESNET))
    assert len(PAIRS) == sum(len(kind.encodings) for kind in MODELS.values())


def test_models_go_by_the_name_they_are_listed_under() -> None:
    assert all(name == kind.name for name, kind in MODELS.items())
