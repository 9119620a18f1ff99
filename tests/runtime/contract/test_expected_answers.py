from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from runtime.contract.errors import BundleError
from runtime.contract.expected_answers import ExpectedAnswers

REFERENCE = ExpectedAnswers(((0.05, 0.2), (0.3,)), ((0.3, 0.25, 0.15), (0.2, 0.1)), 1500)
KNOWING = replace(REFERENCE, faults=((0.01, 0.02, 0.1), (0.0, 1.0)))


def test_answers_fall_into_the_cell_of_their_exit_and_entropy() -> None:
    cells = [REFERENCE.cell(k, e) for k, e in ((0, 0.0), (0, 0.05), (0, 0.1), (0, 0.9), (1, 0.3), (1, 0.31))]
    assert cells == [0, 0, 1, 2, 3, 4]


@pytest.mark.parametrize("reference", [REFERENCE, KNOWING])
def test_what_is_written_as_json_is_what_is_read(reference: ExpectedAnswers) -> None:
    assert ExpectedAnswers.from_json(json.loads(json.dumps(reference.to_json())), "x") == reference


def test_earlier_versions_did_not_know_faults() -> None:
    told = REFERENCE.to_json()
    del told["faults"]
    assert ExpectedAnswers.from_json(told, "x") == REFERENCE


@pytest.mark.parametrize(
    "changes",
    [
        {"faults": [[0.1]]},
        {"faults": [[0.1, 0.2, 1.3], [0.1, 0.1]]},
        {"shares": [[1.0]]},
        {"images": 0},
        {"images": "many"},
        {"entropy_edges": [[0.2, 0.1], [0.3]]},
    ],
)
def test_a_reference_that_does_not_add_up_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(BundleError):
        ExpectedAnswers.from_json(REFERENCE.to_json() | changes, "policy.json")
