"""A signature beside an engine names its key and its bytes, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.contract.bundle_files import SIGNATURE
from runtime.contract.bundle_signature import Signature, read_signatures, signed_message
from runtime.contract.engine_signature import add_engine_signature, engine_id, signed_engine_message
from runtime.contract.errors import BundleError

ONE, OTHER = Signature("1" * 64, bytes(64)), Signature("2" * 64, bytes(range(64)))


def test_neither_kind_of_signature_stands_for_the_other() -> None:
    assert signed_engine_message("key", "digest") != signed_message(engine_id("key", "digest"))


def test_another_key_or_other_bytes_make_another_message() -> None:
    messages = {signed_engine_message("a", "b"), signed_engine_message("a", "c"), signed_engine_message("c", "b")}
    assert len(messages) == 3


def test_several_keys_may_sign_an_engine_and_each_once(tmp_path: Path) -> None:
    for signature in (ONE, OTHER, ONE):
        add_engine_signature(tmp_path, "key", "digest", signature)
    found = read_signatures(tmp_path)
    assert found is not None
    assert found.bundle_id == engine_id("key", "digest")
    assert {one.key_id for one in found.by} == {ONE.key_id, OTHER.key_id}
    assert len(found.by) == 2


def test_signatures_of_what_was_there_before_do_not_stay(tmp_path: Path) -> None:
    add_engine_signature(tmp_path, "key", "digest", ONE)
    add_engine_signature(tmp_path, "key", "another", OTHER)
    found = read_signatures(tmp_path)
    assert found is not None
    assert [one.key_id for one in found.by] == [OTHER.key_id]


def test_a_file_that_cannot_be_read_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / SIGNATURE).write_text("no json")
    with pytest.raises(BundleError, match=r"signature\.json cannot be read"):
        add_engine_signature(tmp_path, "key", "digest", ONE)
