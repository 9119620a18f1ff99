"""What each board drew before and after a bundle came."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("duckdb", reason="duckdb is not installed (the extra `collect`)")
pytest.importorskip("pyarrow", reason="pyarrow is not installed (the extra `collect`)")

from codesign.collect.store import Store
from codesign.fleet.canaries import Seen, seen
from runtime.contract.errors import ConfigError, DataError

from .rolled_out import NEW, OLD, write_fleet

EXACT: dict[str, Any] = {"unit_spread": 0.3, "hour_spread": 0.0, "boards": 20}


def looked(tmp_path: Path, candidate: str = NEW, incumbent: str | None = None, **fleet: Any) -> Seen:
    write_fleet(tmp_path / "store", **fleet)
    with Store(tmp_path / "store") as store:
        return seen(store, candidate, incumbent)


def test_every_board_is_compared_with_itself(tmp_path: Path) -> None:
    found = looked(tmp_path, energy=0.9, latency=1.2, promised=0.8, season=1.3, **EXACT)
    assert (found.candidate, found.incumbent, found.devices, found.too_little) == (NEW, OLD, 20, 0)
    canaries = [change for change in found.changes if change.canary]
    assert 0 < len(canaries) < 20
    for change in found.changes:
        assert change.energy == pytest.approx(math.log(1.3 * (0.9 if change.canary else 1.0)), abs=1e-3)
        assert change.latency == pytest.approx(math.log(1.2) if change.canary else 0.0, abs=1e-3)
        if change.canary:
            assert change.promised_energy == pytest.approx(math.log(0.8), abs=1e-3)
        else:
            assert change.promised_energy is None


def test_boards_that_roll_it_back_are_named_and_not_compared(tmp_path: Path) -> None:
    found = looked(tmp_path, failing=2, share=0.5, **EXACT)
    assert len(found.failed_on) == 2
    assert not {change.device_id for change in found.changes if change.canary} & {*found.failed_on}


def test_bundles_are_named_by_their_first_digits(tmp_path: Path) -> None:
    found = looked(tmp_path, NEW[:8], OLD[:9], **EXACT)
    assert (found.candidate, found.incumbent) == (NEW, OLD)


@pytest.mark.parametrize(
    ("candidate", "incumbent", "says"),
    [
        ("9e3", None, "too short to name a bundle"),
        ("ffffffff", None, "0 bundles that were served are called 'ffffffff'"),
        (NEW, NEW, "cannot be compared with itself"),
        ("' OR 1=1", None, "0 bundles"),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path: Path, candidate: str, incumbent: str | None, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        looked(tmp_path, candidate, incumbent, **EXACT)


def test_a_bundle_with_nothing_before_it_needs_to_be_told_what_to_compare_with(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="reported nothing of a bundle before it"):
        looked(tmp_path, before_h=0, share=1.0, **EXACT)


def test_boards_that_do_not_know_the_time_are_left_out_and_counted(tmp_path: Path) -> None:
    found = looked(tmp_path, clocks=False, before_h=3, after_h=2, **EXACT)
    assert found.changes == ()
    assert found.without_clock == 20 * 5
