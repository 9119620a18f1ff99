"""Measured figures are read strictly, and shown beside what was predicted."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import pytest

from codesign.report.page import write_report
from codesign.report.results import results_from
from runtime.contract.errors import ConfigError

from .sample import CLOCKS, sample


def row(name: str, **changes: Any) -> dict[str, Any]:
    """A row of the `measured` key."""
    return {
        "name": name,
        "design": "d1",
        "requested": dict(CLOCKS),
        "applied": dict(CLOCKS),
        "pinned": True,
        "predicted_latency_s": 0.004,
        "measured_latency_s": 0.005,
        "predicted_energy_j": 0.02,
        "measured_energy_j": 0.025,
        "predicted_of_static": 0.5,
        "measured_of_static": 0.55,
        "prefixes": [{"predicted_s": 0.002, "measured_s": 0.003}],
        "noisy": False,
        "why_noisy": [],
        **changes,
    }


def with_measured(**changes: Any) -> dict[str, Any]:
    """The sample with measurements."""
    table = sample()
    table["measured"] = {
        "target": "local",
        "kind": "measured",
        "hardware": "a workstation, 2 cores",
        "profile": None,
        "differs": "machine",
        "why_no_energy": None,
        "rows": [row("balanced"), row("static_best_clocks")],
        **changes,
    }
    return table


def page(tmp_path: Path, table: dict[str, Any]) -> str:
    write_report(table, tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    section = re.search(r'<section id="measured">.*?</section>', text, flags=re.DOTALL)
    assert section is not None
    return " ".join(section[0].replace("\u00a0", " ").split())


def test_runs_that_measured_nothing_have_no_such_part(tmp_path: Path) -> None:
    assert results_from(sample()).measured is None
    assert results_from({**sample(), "measured": None}).measured is None
    write_report(sample(), tmp_path / "report.html")
    assert "Measured beside predicted" not in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_ratios_are_of_measured_over_predicted() -> None:
    found = results_from(with_measured()).measured
    assert found is not None
    assert found.rows[0].latency_ratio == pytest.approx(1.25)
    assert found.rows[0].energy_ratio == pytest.approx(1.25)
    assert found.pinned


def test_another_machine_is_said_plainly_with_both_names(tmp_path: Path) -> None:
    shown = page(tmp_path, with_measured())
    assert "These are different machines." in shown
    assert "measurements are from a workstation, 2 cores" in shown
    assert "only ratios between designs compare" in shown
    assert "5.00 ms" in shown
    assert "× 1.25" in shown
    assert "Mode balanced" in shown


def test_the_board_itself_needs_no_such_warning(tmp_path: Path) -> None:
    shown = page(tmp_path, with_measured(differs=None, hardware="the board"))
    assert "different machines" not in shown
    assert "Measured on the board that this run was compiled for: the board." in shown


def test_another_device_of_the_same_board_is_said_too(tmp_path: Path) -> None:
    assert "These are different devices." in page(tmp_path, with_measured(differs="device"))
    with pytest.raises(ConfigError, match="null or one of machine, device"):
        results_from(with_measured(differs="mood"))


def test_missing_joules_are_not_measured_and_never_nought(tmp_path: Path) -> None:
    rows = [row("balanced", measured_energy_j=None), row("static_best_clocks")]
    table = with_measured(rows=rows, why_no_energy="no rail can be read")
    found = results_from(table).measured
    assert found is not None
    assert found.rows[0].energy_ratio is None
    shown = page(tmp_path, table)
    assert '<td class="n">not measured</td>' in shown
    assert "Energy was not measured everywhere: no rail can be read." in shown


def test_where_no_joules_were_measured_there_are_no_columns_for_them(tmp_path: Path) -> None:
    shown = page(tmp_path, with_measured(rows=[row("balanced", measured_energy_j=None)], why_no_energy="no rail"))
    assert "Energy measured" not in shown
    assert '<td class="n">not measured</td>' not in shown
    assert shown.count("<th class") == shown.count("<td class") == 5
    assert "Energy was not measured: no rail." in shown


def test_clocks_that_were_not_set_and_noise_are_said(tmp_path: Path) -> None:
    loose = row("balanced", requested=None, applied=None, pinned=False, noisy=True, why_noisy=["a draught", "a bang"])
    shown = page(tmp_path, with_measured(rows=[loose, loose]))
    assert "measured at the clocks found" in shown
    assert shown.count("<small>noisy</small>") == 2
    assert shown.count("not to be relied on: a draught; a bang.") == 1


def test_a_name_that_is_markup_stays_words(tmp_path: Path) -> None:
    shown = page(tmp_path, with_measured(hardware="<script>alert(1)</script>"))
    assert "<script>" not in shown


@pytest.mark.parametrize("key", sorted(with_measured()["measured"].keys() - {"profile"}))  # the page shows no profile
def test_a_missing_key_is_named_by_its_path(key: str) -> None:
    table = with_measured()
    del table["measured"][key]
    with pytest.raises(ConfigError, match=re.escape(f"missing key 'measured.{key}'")):
        results_from(table)


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"measured_latency_s": 0.0}, "measured.rows[0].measured_latency_s"),
        ({"pinned": "yes"}, "measured.rows[0].pinned"),
        ({"requested": {"cpu_hz": 1, "gpu_hz": 0, "emc_hz": 0}}, "measured.rows[0].requested"),
        ({"prefixes": [{"predicted_s": 0.1, "measured_s": -1}]}, "measured.rows[0].prefixes[0].measured_s"),
    ],
)
def test_an_impossible_value_is_refused_with_its_path(change: dict[str, Any], where: str) -> None:
    table = copy.deepcopy(with_measured(rows=[row("balanced", **change)]))
    with pytest.raises(ConfigError) as caught:
        results_from(table)
    assert caught.value.where == f"results.json: {where}"


def test_the_mean_error_is_of_all_rows_as_a_share_of_what_was_measured() -> None:
    found = results_from(with_measured()).measured
    assert found is not None
    errors = [abs(each.predicted_latency_s - each.measured_latency_s) / each.measured_latency_s for each in found.rows]
    assert found.mean_latency_error == pytest.approx(sum(errors) / len(errors))
