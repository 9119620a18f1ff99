"""Reading results.json: what is missing or impossible is named by its path."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest

from codesign.report.results import check_results, read_results, results_from
from runtime.contract.errors import ConfigError, StorageError

from .sample import sample


def paths(value: Any, found: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every key of an object, with those of the first member of each list."""
    if isinstance(value, dict):
        return [p for key, member in value.items() for p in ((*found, key), *paths(member, (*found, key)))]
    return paths(value[0], (*found, 0)) if isinstance(value, list) and value else []


def spelled(path: tuple[str | int, ...]) -> str:
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path).lstrip(".")


def holder_of(table: Any, path: tuple[str | int, ...]) -> Any:
    for key in path[:-1]:
        table = table[key]
    return table


FREE = {"timing_s"}  # its keys are whatever steps there were
KEYS = [path for path in paths(sample()) if path[0] not in FREE or len(path) == 1]


def changed(path: tuple[str | int, ...], value: Any) -> dict[str, Any]:
    table = sample()
    holder_of(table, path)[path[-1]] = value
    return table


def test_the_sample_is_accepted_and_its_numbers_arrive_unchanged() -> None:
    results = results_from(sample())
    assert results.bars["exits_best_clocks"].energy_j == 0.00412
    assert results.default_mode.name == "balanced"
    assert results.data.splits["test"].n == 360
    assert results.modes[0].operating_point.gpu_hz == 510_000_000


@pytest.mark.parametrize("path", KEYS, ids=spelled)
def test_every_missing_key_is_named_by_its_path(path: tuple[str | int, ...]) -> None:
    table = copy.deepcopy(sample())
    del holder_of(table, path)[path[-1]]
    with pytest.raises(ConfigError, match=re.escape(f"missing key {spelled(path)!r}")) as caught:
        check_results(table)
    assert "compile again" in str(caught.value)


@pytest.mark.parametrize(
    ("path", "value", "wanted"),
    [
        (("schema",), "2.0", "schema 1.x"),
        (("created",), "yesterday", "an ISO 8601 time"),
        (("bars", 0, "energy_j"), 0.0, "a number above 0"),
        (("bars", 0, "energy_j"), float("nan"), "a finite number"),
        (("bars", 0, "energy_j"), True, "a finite number"),
        (("bars", 0, "accuracy"), 98.6, "a fraction from 0 to 1"),
        (("bars", 0, "energy_kind"), "guessed", "one of measured, predicted, simulated, assumed"),
        (("bars", 0, "split"), "validation", "one of train, select, certify, test"),
        (("bars", 0, "operating_point", "gpu_hz"), 510_000, "multiply by 1000"),
        (("bars",), [], "one bar for each of"),
        (("data", "splits", "test", "class_counts"), [360], "10 counts"),
        (("modes", 0, "thresholds_nats"), [0.1], "3 thresholds, one per early exit"),
        (("modes", 0, "exits"), [], "at least one exit"),
        (("modes", 0, "exits", 0, "test_share"), 0.9, "shares that sum to 1 in test_share"),
        (("modes", 0, "default"), True, "exactly one default mode"),
        (("modes", 0, "default"), "yes", "true or false"),
        (("modes", 0, "per_class", 0, "class"), "zebra", "classes of the data set"),
        (("gains", "chain", "saving_vs_static"), 1.0, "nothing runs for free"),
        (("settings", "seed"), 0.5, "a whole number"),
        (("settings", "seed"), -1, "a number of at least 0"),
        (("machine",), 7, "a string"),
        (("history",), {}, "a list"),
        (("timing_s",), [], "an object"),
        (("board",), None, "an object"),
    ],
    ids=lambda value: spelled(value) if isinstance(value, tuple) else None,
)
def test_an_impossible_value_is_refused_with_its_path(path: tuple[str | int, ...], value: Any, wanted: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(wanted)) as caught:
        check_results(changed(path, value))
    where = (caught.value.where or "").removeprefix("results.json: ")
    assert where
    assert spelled(path).startswith(where)


def test_no_test_images_are_refused_since_nothing_could_be_measured() -> None:
    table = sample()
    table["data"]["splits"]["test"] = {"n": 0, "class_counts": [0] * 10}
    with pytest.raises(ConfigError, match="at least one test image"):
        check_results(table)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("bars", 0, "served_energy_j"), None),
        (("settings", "max_latency_s"), 0.02),
        (("modes", 0, "exits", 0, "accuracy_of_leavers"), None),
        (("modes", 0, "thresholds_nats"), [None, 0.2, 0.3]),
        (("gains", "single"), None),
        (("certificate",), {"epsilon": 0.01}),
        (("history",), []),
        (("added_by_a_later_version",), 1),
    ],
    ids=lambda value: spelled(value) if isinstance(value, tuple) else None,
)
def test_what_may_be_absent_or_added_is_accepted(path: tuple[str | int, ...], value: Any) -> None:
    check_results(changed(path, value))


def test_a_file_is_read_like_the_object_it_was_written_from(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    path.write_text(json.dumps(sample()), encoding="utf-8")
    assert read_results(path) == results_from(sample())


def test_a_file_that_is_not_there_is_a_storage_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"cannot be read(.|\n)*results.json of a finished run"):
        read_results(tmp_path / "results.json")


def test_a_file_that_is_not_json_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    path.write_text("{", encoding="utf-8")
    with pytest.raises(ConfigError, match="not JSON"):
        read_results(path)
