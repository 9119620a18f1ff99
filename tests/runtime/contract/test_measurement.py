"""Records of a measurement survive JSON, and what is no record is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from runtime.contract.errors import ConfigError
from runtime.contract.kind import Kind
from runtime.contract.measurement import (
    Lacking,
    LatencyStats,
    MeasuredEnergy,
    Measurement,
    MeasurementHeader,
    Prefix,
    ReferenceReading,
)
from runtime.contract.operating_point import OperatingPoint

POINT = OperatingPoint(cpu_hz=1_500_000_000, gpu_hz=600_000_000, emc_hz=2_133_000_000)
ENERGY = MeasuredEnergy(0.004, 1e-5, 0.001, 2e-5, 3.0, 500, 2.5, "VDD_IN", "INA3221", 0.04, Kind.MEASURED)
RECORD = Measurement(
    subject="d1",
    requested=POINT,
    applied=POINT,
    pinned=True,
    load="back_to_back",
    prefixes=(
        Prefix(LatencyStats(0.001, 0.0011, 0.05, 0.002, 150, 90), ENERGY),
        Prefix(LatencyStats(0.002, 0.0021, 0.05, 0.003, 150, 90), None),
    ),
    why_no_energy="too short",
    temperature_start_c=41.0,
    temperature_end_c=None,
    warm_up_runs=40,
    steady=True,
    attempts=2,
    noisy=True,
    why_noisy=("its two halves differ by 4.0%",),
    kind=Kind.MEASURED,
    monotonic_s=12.5,
    wall="2026-01-01T00:00:00+00:00",
)
HEADER = MeasurementHeader(
    plan_sha256="ab" * 32,
    machine="a board, 6 cores, aarch64",
    profile="orin-nano-super",
    hardware="sysfs",
    found={"clocks": "24 operating points"},
    missing=(Lacking("energy", "no rail", "look for one"),),
    software={"onnxruntime": "1.19.0"},
    kind=Kind.MEASURED,
    wall="2026-01-01T00:00:00+00:00",
)


def through_json(table: dict[str, Any]) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(json.dumps(table, allow_nan=False))
    return read


@pytest.mark.parametrize("record", [RECORD, replace(RECORD, requested=None, applied=None, why_no_energy=None)])
def test_a_measurement_survives_json(record: Measurement) -> None:
    assert Measurement.from_json(through_json(record.to_json())) == record


def test_keys_of_later_versions_are_left_aside() -> None:
    assert Measurement.from_json({**through_json(RECORD.to_json()), "humidity": 0.4}) == RECORD


@pytest.mark.parametrize("key", [key for key in RECORD.to_json() if key != "record"])
def test_a_measurement_without_one_of_its_keys_is_refused(key: str) -> None:
    table = through_json(RECORD.to_json())
    del table[key]
    with pytest.raises(ConfigError, match=f"lacks or garbles a key.*{key}"):
        Measurement.from_json(table)


def test_its_latency_is_that_of_the_whole_network() -> None:
    assert RECORD.latency_s == 0.002


def test_a_header_survives_json_and_names_what_its_figures_speak_of() -> None:
    read = MeasurementHeader.from_json(through_json(HEADER.to_json()))
    assert read == HEADER
    assert read.on == "a board, 6 cores, aarch64; ONNX Runtime 1.19.0 on CPU"


@pytest.mark.parametrize("change", [{"schema": "2.0"}, {"kind": "guessed"}, {"found": 3}, {"missing": [{}]}])
def test_a_header_that_cannot_be_understood_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"schema 2\.0|lacks or garbles"):
        MeasurementHeader.from_json({**through_json(HEADER.to_json()), **change})


def test_files_may_differ_in_when_they_were_begun_but_not_in_where() -> None:
    assert replace(HEADER, wall="later", missing=()).shared() == HEADER.shared()
    assert replace(HEADER, machine="another").shared() != HEADER.shared()


def test_a_reference_reading_is_marked_as_one() -> None:
    assert ReferenceReading(0.001, 2.0, "now").to_json()["record"] == "reference"
