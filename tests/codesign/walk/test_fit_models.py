from __future__ import annotations

import pytest

from codesign.walk.fit_models import fit_model, makers
from codesign.walk.fit_networks import ChainNetworks
from runtime.contract.errors import ConfigError
from tests.codesign.chains import SPACES


@pytest.mark.parametrize(
    ("text", "name", "encoding"),
    [("best", "best", "compared"), ("house", "house", "own"), ("mlp", "mlp", "fcc"), ("mlp:one-hot", "mlp", "one-hot")],
)
def test_a_model_is_named_with_its_encoding_which_is_fcc_where_nothing_is_said(
    text: str, name: str, encoding: str
) -> None:
    model = fit_model(text)
    assert (model.name, model.encoding) == (name, encoding)
    assert callable(model.make(ChainNetworks(SPACES[0]).genes).fit)


def test_an_unknown_model_lists_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"unknown model 'oracle'(.|\n)*house.*mlp"):
        fit_model("oracle")


def test_an_encoding_that_a_model_does_not_take_is_refused() -> None:
    with pytest.raises(ConfigError, match="model 'house' does not take encoding 'fcc'"):
        fit_model("house:fcc")


def test_every_model_that_can_be_fitted_can_be_read_back() -> None:
    genes = ChainNetworks(SPACES[0]).genes
    for name in ("house", "gp", "mlp", "ridge"):
        assert callable(makers()[name](genes, fit_model(name).encoding).restored)
