"""`signature.json` is read strictly, and a bundle without one is not an error."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runtime.contract.bundle_files import check_files
from runtime.contract.bundle_signature import (
    Signature,
    Signatures,
    key_id_of,
    read_signatures,
    signed_message,
)
from runtime.contract.errors import BundleError
from runtime.contract.manifest import read_manifest

WHOLE = Signatures("ab" * 32, (Signature(key_id_of(b"k" * 32), b"s" * 64),))


def write(folder: Path, table: Any) -> Path:
    (folder / "signature.json").write_text(json.dumps(table))
    return folder


def test_what_was_written_is_read(tmp_path: Path) -> None:
    assert read_signatures(write(tmp_path, WHOLE.to_json())) == WHOLE


def test_no_file_is_no_signature(tmp_path: Path) -> None:
    assert read_signatures(tmp_path) is None


def test_the_message_names_its_purpose_and_the_bundle() -> None:
    assert signed_message("abc") == b"edge-codesign bundle 1\nabc"


def test_another_algorithm_is_passed_over(tmp_path: Path) -> None:
    table = WHOLE.to_json()
    table["signatures"].insert(0, {"algorithm": "ml-dsa", "key_id": "x", "signature": "AA=="})
    assert read_signatures(write(tmp_path, table)) == WHOLE


CHANGES: list[tuple[Callable[[dict[str, Any]], Any], str]] = [
    (lambda table: table.update(format_version="2.0"), "format version '2.0', this runtime reads 1.x"),
    (lambda table: table.pop("bundle_id"), "lacks 'bundle_id'"),
    (lambda table: table.update(signatures=None), "not iterable"),
    (lambda table: table["signatures"][0].update(signature="?"), "a signature is not base64"),
    (lambda table: table["signatures"][0].update(signature="AAAA"), "a signature has 3 bytes; Ed25519 has 64"),
]


@pytest.mark.parametrize(("change", "message"), CHANGES)
def test_what_is_wrong_with_the_file_is_said(
    tmp_path: Path, change: Callable[[dict[str, Any]], Any], message: str
) -> None:
    table = WHOLE.to_json()
    change(table)
    with pytest.raises(BundleError, match=rf"signature\.json cannot be read: .*{message}(.|\n)*codesign sign"):
        read_signatures(write(tmp_path, table))


def test_a_list_a_nest_of_brackets_and_rubbish_are_errors(tmp_path: Path) -> None:
    for content in (b"[]", b"[" * 100_000, b"\xff", b""):
        (tmp_path / "signature.json").write_bytes(content)
        with pytest.raises(BundleError, match="cannot be read"):
            read_signatures(tmp_path)


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text(json.dumps(WHOLE.to_json()))
    (tmp_path / "signature.json").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(BundleError, match="not a plain file"):
        read_signatures(tmp_path)


def test_a_signature_is_no_stranger_in_a_bundle(bundle: Path) -> None:
    check_files(write(bundle, WHOLE.to_json()), read_manifest(bundle))
