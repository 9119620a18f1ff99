"""`edge-runtime status`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from codesign.bundle.sign import sign
from runtime.contract.manifest import read_manifest
from tests.keys import trust, write_key
from tests.runtime.commands.conftest import Outcome

Call = Callable[..., Outcome]


def test_nothing_installed_is_said_and_is_no_error(call: Call) -> None:
    outcome = call("status")
    assert outcome.status == 0
    assert "nothing is installed" in outcome.out
    table = call("status", "--json").json()
    assert (table["current"], table["modes"], table["compiled_for"]) == (None, [], None)


def test_modes_are_shown_with_what_is_expected_and_how_that_is_known(
    call: Call, bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "240")
    call("install", bundle)
    outcome = call("status")
    assert outcome.status == 0
    for text in ("balanced (default)", "thorough", "chain-1", "4.000 mJ (simulated: simulated test board)", "25.00 %"):
        assert text in outcome.out
    assert read_manifest(bundle).bundle_id in outcome.out


def test_json_holds_the_modes(call: Call, bundle: Path) -> None:
    call("install", bundle)
    table = call("status", "--json").json()
    assert table["current"] == read_manifest(bundle).bundle_id
    assert [mode["name"] for mode in table["modes"]] == ["balanced", "thorough", "trunk-only", "one-shot"]
    assert table["compiled_for"] == {"board": "test-board", "device": "cpu"}


def test_a_damaged_bundle_is_an_error(call: Call, bundle: Path, tmp_path: Path) -> None:
    call("install", bundle)
    (tmp_path / "root" / "current" / "golden.npz").write_bytes(b"rotten")
    outcome = call("status")
    assert outcome.status == 2
    assert "golden.npz was changed" in outcome.err


def test_the_key_that_vouches_for_it_is_shown(call: Call, bundle: Path, tmp_path: Path) -> None:
    key = write_key(tmp_path / "ours.key")
    signer = sign(bundle, key)
    trust(tmp_path / "root", key)
    call("install", bundle)
    assert f"signed by:    {signer.key_id}, trusted here" in call("status").out
    assert call("status", "--json").json()["vouched_by"] == signer.key_id
