"""Which points may be set."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from codesign.bundle.sign import sign
from runtime.contract.clock_costs import ClockCosts
from runtime.contract.errors import ConfigError
from runtime.contract.manifest import read_manifest
from runtime.contract.operating_point import OperatingPoint
from runtime.install.activate import install
from runtime.powerd.allow_list import BundlePoints, ListedPoints
from runtime.powerd.protocol import MAX_POINTS
from tests.keys import trust, write_key
from tests.runtime.powerd.clock_doubles import FAST, SLOW
from tests.tiny_cascade import CLOCKS, tiny_parts, write_tiny_bundle


def test_the_points_of_the_installed_modes_are_allowed(bundle: Path, tmp_path: Path) -> None:
    install(bundle, tmp_path / "root")
    points = BundlePoints(tmp_path / "root")
    allowed = points.now()
    assert allowed.points == (CLOCKS,)
    assert allowed.source == f"bundle {read_manifest(bundle).bundle_id}"
    assert allowed.problem is None
    assert points.now() is allowed


def test_the_points_that_a_governor_may_switch_to_are_allowed_too(tmp_path: Path) -> None:
    write_tiny_bundle(tmp_path / "bundle", promises=governed_promises(slow := points(3)))
    install(tmp_path / "bundle", tmp_path / "root")
    assert BundlePoints(tmp_path / "root").now().points == tuple(sorted({CLOCKS, *slow}))


def test_more_points_than_powerd_can_tell_of_allow_nothing(tmp_path: Path) -> None:
    write_tiny_bundle(tmp_path / "bundle", promises=governed_promises(points(MAX_POINTS)))
    install(tmp_path / "bundle", tmp_path / "root")
    allowed = BundlePoints(tmp_path / "root").now()
    assert allowed.points == ()
    assert f"{MAX_POINTS + 1} operating points, {MAX_POINTS} at most" in str(allowed.problem)


def test_where_keys_are_trusted_only_what_they_signed_allows_anything(bundle: Path, tmp_path: Path) -> None:
    install(bundle, tmp_path / "root")  # before anything was demanded; or by who moved the link past `install`
    key = write_key(tmp_path / "fleet.key")
    trust(tmp_path / "root", key)
    unsigned = BundlePoints(tmp_path / "root").now()
    assert unsigned.points == ()
    assert "the bundle is not signed" in str(unsigned.problem)
    sign(bundle, key)
    install(bundle, tmp_path / "root")
    assert BundlePoints(tmp_path / "root").now().points == (CLOCKS,)


def test_a_folder_of_keys_that_holds_none_allows_nothing(bundle: Path, tmp_path: Path) -> None:
    install(bundle, tmp_path / "root")
    (tmp_path / "root" / "trusted_keys").mkdir()
    assert "trusts no key" in str(BundlePoints(tmp_path / "root").now().problem)


def points(count: int) -> list[OperatingPoint]:
    return [OperatingPoint(CLOCKS.cpu_hz, CLOCKS.gpu_hz, 200_000_000 + k) for k in range(count)]


def governed_promises(others: list[OperatingPoint]) -> dict[str, Any]:
    """Those of the tiny bundle; one mode may also run at other clocks."""
    found = dict(tiny_parts()["promises"])
    one = found["one-shot"]
    rows = tuple(ClockCosts(point, one.stage_latency_s, one.stage_energy_j, 4.0) for point in others)
    return {**found, "one-shot": replace(one, at_other_clocks=rows)}


def test_without_a_bundle_nothing_is_allowed_until_one_is_installed(bundle: Path, tmp_path: Path) -> None:
    points = BundlePoints(tmp_path / "root")
    nothing = points.now()
    assert (nothing.points, nothing.problem) == ((), f"no bundle is installed under {tmp_path / 'root'}")
    assert points.now() is nothing
    install(bundle, tmp_path / "root")
    assert points.now().points == (CLOCKS,)
    (tmp_path / "root" / "current").unlink()
    assert points.now().points == ()


def test_a_changed_policy_allows_nothing(bundle: Path, tmp_path: Path) -> None:
    install(bundle, tmp_path / "root")
    policy = tmp_path / "root" / "current" / "policy.json"
    content = policy.read_text()
    policy.write_text(content.replace(str(CLOCKS.gpu_hz), str(CLOCKS.gpu_hz + 1)))
    points = BundlePoints(tmp_path / "root")
    damaged = points.now()
    assert damaged.points == ()
    assert "policy.json was changed" in str(damaged.problem)
    policy.write_text(content)
    assert points.now().points == (CLOCKS,)


def test_a_bundle_that_is_gone_allows_nothing(bundle: Path, tmp_path: Path) -> None:
    install(bundle, tmp_path / "root")
    shutil.rmtree(tmp_path / "root" / "bundles")
    assert "the current bundle is gone" in str(BundlePoints(tmp_path / "root").now().problem)


def test_a_list_of_points_is_read_once(tmp_path: Path) -> None:
    path = tmp_path / "points.json"
    path.write_text(json.dumps([FAST.to_json(), SLOW.to_json(), SLOW.to_json()]))
    points = ListedPoints(path)
    path.write_text("[]")
    assert points.now().points == (SLOW, FAST)
    assert points.now() is points.now()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "cannot be read"),
        ("[" * 100_000, "cannot be read"),
        ("{}", f"not a list of 1 to {MAX_POINTS} points"),
        ("[]", "not a list of 1 to"),
        (json.dumps([FAST.to_json()] * (MAX_POINTS + 1)), "not a list of 1 to"),
        ('[{"cpu_hz": 1}]', r"wrong point: point must have exactly(.|\n)*json: \[0\]"),
        (json.dumps([FAST.to_json(), {**FAST.to_json(), "emc_hz": 3_199_000}]), r"wrong point(.|\n)*\[1\]"),
    ],
)
def test_any_other_list_is_refused(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "points.json"
    path.write_text(content)
    with pytest.raises(ConfigError, match=message):
        ListedPoints(path)


def test_a_list_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot be read: .*No such file"):
        ListedPoints(tmp_path / "none.json")


def test_a_list_that_others_may_write_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "points.json"
    path.write_text(json.dumps([FAST.to_json()]))
    path.chmod(0o666)
    with pytest.raises(ConfigError, match=r"may be written by others(.|\n)*chmod 644"):
        ListedPoints(path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_list_of_another_user_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "points.json"
    path.write_text(json.dumps([FAST.to_json()]))
    os.chown(path, 12345, -1)
    with pytest.raises(ConfigError, match="may be written by others"):
        ListedPoints(path)
