"""`edge-runtime install`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from codesign.bundle.sign import public_file, sign
from runtime.contract.manifest import read_manifest
from runtime.install.canary import lot
from runtime.install.root import read_state
from tests.keys import write_key
from tests.rewritten import with_manifest
from tests.runtime.commands.conftest import Outcome

Call = Callable[..., Outcome]


def test_it_says_what_is_current_and_for_which_board(call: Call, bundle: Path) -> None:
    outcome = call("install", bundle)
    assert outcome.status == 0
    assert f"{read_manifest(bundle).bundle_id} is current\n" in outcome.out
    assert "compiled for: test-board (cpu); modes: balanced, thorough" in outcome.out
    assert "was current already" in call("install", bundle).out


def test_json_says_the_same(call: Call, bundle: Path) -> None:
    table = call("install", bundle, "--json").json()
    assert table["bundle_id"] == read_manifest(bundle).bundle_id
    assert (table["compiled_for"], table["was_current"], table["previous"]) == ("test-board", False, None)


def test_another_board_is_an_error(call: Call, bundle: Path) -> None:
    outcome = call("install", bundle, "--board", "toaster")
    assert outcome.status == 2
    assert "compiled for 'test-board', this board is 'toaster'" in outcome.err


def test_a_newer_format_is_an_error(call: Call, bundle: Path) -> None:
    with_manifest(bundle, lambda table: table.update(format_version="99.0"))
    outcome = call("install", bundle)
    assert outcome.status == 2
    assert "update edge-codesign on this machine" in outcome.err


def test_a_root_that_cannot_be_made_is_an_error(call: Call, bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "root").write_text("a file")
    outcome = call("install", bundle)
    assert outcome.status == 2
    assert "the bundle cannot be installed" in outcome.err


def test_a_signature_can_be_required_by_any_of_several_keys(call: Call, bundle: Path, tmp_path: Path) -> None:
    ours, theirs = write_key(tmp_path / "ours.key", 1), write_key(tmp_path / "theirs.key", 2)
    required = [option for key in (ours, theirs) for option in ("--require-signature", public_file(key))]
    outcome = call("install", bundle, *required)
    assert outcome.status == 2
    assert "the bundle is not signed; --require-signature demands a signature by" in outcome.err
    sign(bundle, theirs)
    assert call("install", bundle, *required[:2]).status == 2
    assert call("install", bundle, *required).status == 0


def test_a_fleet_takes_a_bundle_by_shares_and_each_board_draws_its_lot(
    call: Call, bundle: Path, tmp_path: Path
) -> None:
    bundle_id = read_manifest(bundle).bundle_id
    devices = sorted((f"device-{k}" for k in range(50)), key=lambda device: lot(device, bundle_id))
    first, last = devices[0], devices[-1]
    waits = call("install", bundle, "--canary", "10%", "--device-id", last)
    assert waits.status == 0
    assert "is not installed: this board is not of the first 10% of the fleet" in waits.out
    assert call("install", bundle, "--canary", "0.1", "--device-id", last, "--json").json()["waits"] is True
    assert read_state(tmp_path / "root").current is None
    assert call("install", bundle, "--canary", "10%", "--device-id", first, "--json").json()["waits"] is False
    assert "was current already" in call("install", bundle, "--canary", "0%", "--device-id", first).out


def test_a_share_that_is_none_is_an_error(call: Call, bundle: Path) -> None:
    outcome = call("install", bundle, "--canary", "many", "--device-id", "d")
    assert outcome.status == 2
    assert "a share of a fleet is 0 % to 100 %" in outcome.err
