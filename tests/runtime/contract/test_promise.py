from __future__ import annotations

import json
from typing import Any

import pytest

from runtime.contract.errors import BundleError
from runtime.contract.kind import Kind
from runtime.contract.promise import Promise

WHOLE = Promise((0.001, 0.002, 0.004), (0.01, 0.02, 0.04), 4.5, Kind.SIMULATED, "Orin Nano, GPU")


def test_leaving_at_an_exit_costs_every_stage_up_to_it() -> None:
    assert [WHOLE.energy_j(k) for k in range(3)] == pytest.approx([0.01, 0.03, 0.07])
    assert [WHOLE.latency_s(k) for k in range(3)] == pytest.approx([0.001, 0.003, 0.007])


def test_what_is_written_as_json_is_what_is_read() -> None:
    assert Promise.from_json(json.loads(json.dumps(WHOLE.to_json())), "predictor.json") == WHOLE


@pytest.mark.parametrize(
    "changes", [{"idle_w": ...}, {"kind": "guessed"}, {"stage_latency_s": 3}, {"stage_energy_j": ["x"]}]
)
def test_a_promise_that_lacks_or_garbles_a_key_is_refused(changes: dict[str, Any]) -> None:
    table = {key: value for key, value in (WHOLE.to_json() | changes).items() if value is not ...}
    with pytest.raises(BundleError, match="a promise cannot be read") as caught:
        Promise.from_json(table, "predictor.json: balanced")
    assert caught.value.where == "predictor.json: balanced"
