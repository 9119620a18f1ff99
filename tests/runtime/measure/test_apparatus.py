"""An apparatus says what it lacks, and whether its figures are measured."""

from __future__ import annotations

import pytest

from runtime.contract.kind import Kind
from runtime.contract.measurement import Lacking
from runtime.measure import apparatus as apparatus_module
from runtime.measure.apparatus import header

from .small_plan import HandClocks, HandMeter, HandThermometer, HandTime, apparatus


def test_what_is_missing_is_named_with_a_reason() -> None:
    assert [lack.what for lack in apparatus().lacking()] == ["energy", "clocks", "temperature"]
    assert all(lack.why and lack.to_do for lack in apparatus().lacking())


def test_the_reason_that_was_found_stands_in_place_of_the_general_one() -> None:
    found = Lacking("energy", "permission denied", "run as root")
    at_hand = apparatus(missing=(found,), clocks=HandClocks(), thermometer=HandThermometer(40.0))
    assert at_hand.lacking() == (found,)
    assert at_hand.why_no_energy == "permission denied"


def test_clocks_that_said_their_own_reason_need_no_general_one() -> None:
    found = Lacking("cpu clock", "no cpufreq policy", "none")
    assert [lack.what for lack in apparatus(missing=(found,)).lacking()] == ["cpu clock", "energy", "temperature"]


def test_with_a_meter_nothing_keeps_energy_away() -> None:
    assert apparatus(meter=HandMeter(HandTime())).why_no_energy is None


def test_figures_with_the_clocks_of_a_model_are_not_called_measured() -> None:
    assert apparatus().kind is Kind.MEASURED
    assert apparatus(hardware="model:orin-nano-super").kind is Kind.SIMULATED


def test_the_header_names_machine_software_and_what_is_missing() -> None:
    made = header(apparatus(found={"clocks": "2 operating points"}), "ab", "now")
    assert (made.machine, made.plan_sha256, made.wall) == ("test machine", "ab", "now")
    assert set(made.software) == {"python", "edge-codesign", "onnxruntime", "numpy"}
    assert [lack.what for lack in made.missing] == ["energy", "clocks", "temperature"]


def test_a_package_under_another_name_is_unknown_not_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apparatus_module, "PACKAGES", ("no-such-package",))
    assert header(apparatus(), "ab", "now").software["no-such-package"] == "unknown"
