from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import pytest

from runtime.contract.errors import BundleError
from runtime.contract.exit_policy import ExitPolicy
from runtime.contract.exit_score import SCORES
from runtime.contract.figure import Figure
from runtime.contract.kind import Kind
from runtime.contract.mode import EXPECTATIONS, Mode
from runtime.contract.operating_point import OperatingPoint

WHOLE = Mode(
    name="balanced",
    design="d0",
    policy=ExitPolicy((0.25, -math.inf)),
    operating_point=OperatingPoint(1_510_400_000, 624_750_000, 2_133_000_000),
    expected={name: Figure(0.5, Kind.SIMULATED, "select") for name in EXPECTATIONS},
    exit_shares=(0.6, 0.0, 0.4),
    certificate={"risk": 0.01},
)


def table(**changes: Any) -> dict[str, Any]:
    changed = WHOLE.to_json() | changes
    return {key: value for key, value in changed.items() if value is not ...}


@pytest.mark.parametrize("mode", [WHOLE, Mode("static", "d1", ExitPolicy(()), WHOLE.operating_point)])
def test_what_is_written_as_json_is_what_is_read(mode: Mode) -> None:
    text = json.dumps(mode.to_json(), allow_nan=False)
    assert Mode.from_json(json.loads(text), "policy.json") == mode


def test_a_threshold_that_never_leaves_is_null_in_json() -> None:
    assert WHOLE.to_json()["thresholds_nats"] == [0.25, None]


def test_a_mode_without_a_certificate_has_none_not_an_empty_one() -> None:
    assert Mode.from_json(table(certificate=None), "x").certificate is None


@pytest.mark.parametrize("score", SCORES)
def test_a_policy_keeps_its_score_in_json(score: str) -> None:
    mode = replace(WHOLE, policy=replace(WHOLE.policy, score=score))
    assert mode.to_json()["score"] == {"name": score, "temperature": 1.0}
    assert Mode.from_json(mode.to_json(), "policy.json") == mode


@pytest.mark.parametrize("score", [{"name": "energy", "temperature": 1.0}, {"name": "entropy", "temperature": 2.0}])
def test_an_exit_score_this_version_does_not_know_is_refused(score: dict[str, Any]) -> None:
    with pytest.raises(BundleError, match="unknown exit score") as caught:
        Mode.from_json(table(score=score), "policy.json: modes[0]")
    assert caught.value.where == "policy.json: modes[0]"
    assert caught.value.to_do == "update edge-codesign on the board"


@pytest.mark.parametrize(
    "changes",
    [
        {"design": ...},
        {"score": None},
        {"thresholds_nats": ["x"]},
        {"thresholds_nats": [math.nan]},
        {"operating_point": {"cpu_hz": 1}},
        {"operating_point": {"cpu_hz": 1_000, "gpu_hz": 1_000, "emc_hz": 1_000}},
        {"expected": {"accuracy": {"value": 1.0, "kind": "guessed", "on": "x"}}},
        {"exit_shares": None},
    ],
)
def test_a_mode_that_lacks_or_garbles_a_key_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(BundleError, match="a mode cannot be read"):
        Mode.from_json(table(**changes), "policy.json")
