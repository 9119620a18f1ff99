from __future__ import annotations

import json

import pytest

from runtime.contract.figure import Figure
from runtime.contract.kind import Kind


@pytest.mark.parametrize("kind", Kind)
def test_a_figure_survives_json_with_its_kind_and_what_it_speaks_of(kind: Kind) -> None:
    figure = Figure(0.125, kind, "Orin Nano, VDD_IN")
    assert Figure.from_json(json.loads(json.dumps(figure.to_json()))) == figure


def test_a_figure_of_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="'guessed' is not a valid Kind"):
        Figure.from_json({"value": 1.0, "kind": "guessed", "on": "x"})
