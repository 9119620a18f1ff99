"""What was found becomes JSON under the names of its fields."""

from __future__ import annotations

import json
from dataclasses import fields

from runtime.commands.doctor_findings import Degraded, Findings, as_json
from tests.runtime.commands.doctor_cases import ABSENT, CPU, GPU, POINT, SOUND


def test_every_field_is_a_key_of_its_own_name() -> None:
    table = as_json(SOUND, ())
    assert set(table) == {"format_version", "serves", "degraded"} | {each.name for each in fields(Findings)}
    assert table["machine"]["soc"] == "tegra234"
    assert table["rails"][1]["power_w"] == 1.54
    assert table["installed"]["points"][0]["point"] == POINT.to_json()


def test_it_survives_the_way_through_json_with_null_for_what_is_not_known() -> None:
    table = json.loads(json.dumps(as_json(SOUND, ()), allow_nan=False))
    assert table["clocks"][2]["min_hz"] is None
    assert table["software"]["versions"]["jetson-stats"] is None
    assert table["clocks"][0]["table_hz"] == list(CPU.table_hz)


def test_what_is_degraded_is_beside_it_with_its_reason_and_remedy() -> None:
    sentence = Degraded("clocks cannot be set", "needs root", "run edge-runtime powerd")
    table = as_json(SOUND, (sentence,))
    assert table["serves"] is False
    assert table["degraded"] == [
        {"what": "clocks cannot be set", "because": "needs root", "to_do": "run edge-runtime powerd"}
    ]
    assert str(sentence) == "clocks cannot be set: needs root; to do: run edge-runtime powerd"
    assert as_json(SOUND, ())["serves"] is True


def test_a_clock_is_found_by_its_name() -> None:
    assert SOUND.clock("gpu") is GPU
    assert SOUND.clock("dla") is None
    assert ABSENT.table_hz == ()
