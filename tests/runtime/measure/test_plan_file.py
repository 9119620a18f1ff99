"""A plan file is read strictly: whatever is wrong with it is named by its key."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runtime.contract.errors import ConfigError, StorageError
from runtime.measure.plan import EnergyRule, Plan, Quality, WarmUp
from runtime.measure.plan_file import plan_from, read_plan

from .small_plan import CHAIN, FAST, LONE, SLOW, small_plan

INPUT = {"height": 12, "width": 16}
LEAST = {"schema": "1.0", "subjects": [{"id": "a", "stages": ["a.onnx"], "input": INPUT}]}


def written(path: Path, content: Any) -> Path:
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "plan",
    [
        small_plan(),
        small_plan(CHAIN, replace(LONE, points=(None, SLOW)), points=(FAST,), requests_per_s=25.0, seed=4, threads=2),
        small_plan(without_clocks="as_found", keep=0.5, quality=Quality(3, 0.05, 1), energy=EnergyRule(0.02, 5.0, 0.0)),
    ],
)
def test_a_plan_survives_json(plan: Plan, tmp_path: Path) -> None:
    assert read_plan(written(tmp_path / "plan.json", plan.to_json())) == plan


def test_what_is_left_out_is_as_esm_measures() -> None:
    plan = plan_from(LEAST, "plan.json")
    assert (plan.runs, plan.keep, plan.requests_per_s, plan.points) == (150, 0.6, None, (None,))
    assert (plan.quality, plan.warm_up, plan.energy) == (Quality(), WarmUp(), EnergyRule())
    assert plan.quality.max_spread == 0.03
    assert plan.reference == "a"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema": "2.0"}, "expected schema 1.x, found '2.0'"),
        ({"subjects": []}, "expected a list with at least one member"),
        ({"subjects": {}}, "expected a list with at least one member"),
        ({"run": 3}, "unknown key 'run'"),
        ({"runs": 9}, "expected a whole number from 10 to 1000000, found 9"),
        ({"runs": 20.5}, "expected a whole number"),
        ({"runs": True}, "expected a whole number"),
        ({"keep": 0}, "expected a number above 0, at most 1"),
        ({"keep": float("nan")}, "expected a number from 0 to 1"),
        ({"keep": "most"}, "expected a number from 0 to 1"),
        ({"seed": -1}, "expected a whole number from 0"),
        ({"reference": "b"}, "expected the id of a subject, one of a"),
        ({"reference": ""}, "expected a string"),
        ({"without_clocks": "guess"}, "expected one of refuse, as_found"),
        ({"load": {"requests_per_s": 0}}, "load.requests_per_s"),
        ({"load": {}}, "missing key 'load.requests_per_s'"),
        ({"load": "fast"}, "expected an object, found 'fast'"),
        ({"points": ["as_found", "as_found"]}, "each point once"),
        ({"points": ["slow"]}, "points[0]"),
        ({"points": [{"cpu_hz": 1, "gpu_hz": 0}]}, "missing key 'points[0].emc_hz'"),
        ({"points": [{"cpu_hz": 1_500_000, "gpu_hz": 0, "emc_hz": 0}]}, "cpufreq files are kHz"),
        ({"warm_up": {"window": 3}}, "unknown key 'warm_up.window'"),
        ({"quality": {"attempts": 0}}, "quality.attempts"),
        ({"energy": {"max_s": -1}}, "energy.max_s"),
        ({"subjects": [{"id": "a", "stages": ["a.onnx"]}]}, "missing key 'subjects[0].input'"),
        ({"subjects": [{"id": "a", "stages": ["../a"], "input": INPUT}]}, "a file inside the plan's folder"),
        ({"subjects": [{"id": "a", "stages": ["/a"], "input": INPUT}]}, "subjects[0].stages[0]"),
        ({"subjects": [{"id": 3, "stages": ["a"], "input": INPUT}]}, "subjects[0].id"),
        ({"subjects": LEAST["subjects"] * 2}, "an id of its own; 'a' is used twice"),
        ({"subjects": [{"id": "a", "stages": ["a"], "input": INPUT | {"std": [0, 0, 0]}}]}, "std above 0"),
        ({"subjects": [{"id": "a", "stages": ["a"], "input": INPUT | {"mean": 3}}]}, "a tensor specification"),
        ({"subjects": [{"id": "a", "stages": ["a"], "input": INPUT | {"depth": 3}}]}, "subjects[0].input.depth"),
    ],
)
def test_what_cannot_be_meant_is_named_by_its_key(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)) as caught:
        plan_from({**LEAST, **change}, "plan.json")
    assert "plan.json" in str(caught.value.where)


@pytest.mark.parametrize("key", LEAST)
def test_a_missing_key_is_named(key: str) -> None:
    with pytest.raises(ConfigError, match=f"missing key '{key}'"):
        plan_from({name: value for name, value in LEAST.items() if name != key}, "plan.json")


def test_a_subject_may_have_points_of_its_own() -> None:
    subject = {**LEAST["subjects"][0], "points": ["as_found", FAST.to_json()]}  # type: ignore[dict-item,index]
    assert plan_from({**LEAST, "subjects": [subject]}, "plan.json").subjects[0].points == (None, FAST)


@pytest.mark.parametrize("content", ["{", "[1, 2]", '"text"'])
def test_a_file_that_is_no_json_object_is_refused(content: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"not JSON|expected an object(.|\n)*top level"):
        read_plan(written(tmp_path / "plan.json", content))


def test_a_plan_that_is_not_there_is_a_storage_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"cannot be read(.|\n)*plan.json"):
        read_plan(tmp_path / "plan.json")
