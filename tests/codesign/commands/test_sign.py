"""`codesign sign`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from codesign.commands.main import main
from tests.tiny_cascade import write_tiny_bundle


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    write_tiny_bundle(tmp_path / "bundle")
    return tmp_path / "bundle"


def test_a_key_is_made_and_the_bundle_signed(bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sign", str(bundle), "--key", str(tmp_path / "k"), "--new-key"]) == 0
    out = capsys.readouterr().out
    assert "keep it off boards" in out
    assert f"{tmp_path / 'k.pub'}: its public half" in out
    assert f"{bundle} is signed by " in out
    assert (bundle / "signature.json").is_file()


def test_json_says_the_same(bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sign", "--key", str(tmp_path / "k"), "--new-key", "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert (made["public_key"], made["signature"]) == (str(tmp_path / "k.pub"), None)
    assert main(["sign", str(bundle), "--key", str(tmp_path / "k"), "--json"]) == 0
    signed = json.loads(capsys.readouterr().out)
    assert (signed["key_id"], signed["signature"]) == (made["key_id"], str(bundle / "signature.json"))


def test_nothing_to_do_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sign", "--key", str(tmp_path / "k")]) == 2
    assert "there is nothing to sign" in capsys.readouterr().err
