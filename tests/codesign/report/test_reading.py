"""A value that knows its path."""

from __future__ import annotations

import pytest

from codesign.report.reading import Node
from runtime.contract.errors import ConfigError


def test_a_path_grows_with_every_key_and_index() -> None:
    node = Node({"modes": [{"name": "a"}, {"name": "b"}]})
    assert node.at("modes").items()[1].at("name").path == "modes[1].name"


def test_rounding_outside_a_fraction_is_clipped_and_more_is_refused() -> None:
    assert Node(1.0 + 1e-12).fraction() == 1.0
    assert Node(-1e-12).fraction() == 0.0
    with pytest.raises(ConfigError, match="a fraction from 0 to 1"):
        Node(1.01).fraction()


def test_an_optional_number_is_none_and_never_nought_where_it_is_null() -> None:
    assert Node(None).optional_number() is None
    assert Node(0.0).optional_number() == 0.0


def test_a_long_wrong_value_is_shown_cut() -> None:
    with pytest.raises(ConfigError) as caught:
        Node("x" * 5000, "data.name").number()
    assert len(str(caught.value)) < 400
