"""`edge-runtime rollback`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from runtime.contract.manifest import read_manifest
from tests.runtime.commands.conftest import Outcome
from tests.tiny_cascade import write_tiny_bundle

Call = Callable[..., Outcome]


def test_it_returns_to_the_bundle_before(call: Call, bundle: Path, tmp_path: Path) -> None:
    write_tiny_bundle(tmp_path / "other", seed=9)
    call("install", bundle)
    assert "edge-runtime rollback" in call("install", tmp_path / "other").out
    outcome = call("rollback")
    assert outcome.status == 0
    assert f"{read_manifest(bundle).bundle_id} is current again (compiled for test-board)" in outcome.out
    call("install", tmp_path / "other")
    assert call("rollback", "--json").json()["bundle_id"] == read_manifest(bundle).bundle_id


def test_without_a_bundle_before_it_is_an_error(call: Call, bundle: Path) -> None:
    call("install", bundle)
    outcome = call("rollback")
    assert outcome.status == 2
    assert "there is no previous bundle to return to" in outcome.err


def test_a_whole_fleet_can_be_asked_and_only_boards_with_that_bundle_return(
    call: Call, bundle: Path, tmp_path: Path
) -> None:
    write_tiny_bundle(tmp_path / "other", seed=9)
    call("install", bundle)
    call("install", tmp_path / "other")
    bad, good = (read_manifest(folder).bundle_id for folder in (tmp_path / "other", bundle))
    assert call("rollback", "--from", bad[:12], "--json").json()["rolled_back"] is True
    again = call("rollback", "--from", bad[:12], "--json").json()
    assert (again["rolled_back"], again["bundle_id"]) == (False, good)
    assert "is not current here: nothing to do" in call("rollback", "--from", bad).out
    assert call("rollback", "--from", bad[:7]).status == 2
