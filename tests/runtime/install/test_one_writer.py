"""The lock of an install root."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.contract.errors import StorageError
from runtime.install.one_writer import only_one_writer


def test_a_second_writer_is_sent_away_while_the_first_is_at_work(tmp_path: Path) -> None:
    said = r"another install or rollback is at work here(.|\n)*wait for it, then try again"
    with only_one_writer(tmp_path), pytest.raises(StorageError, match=said), only_one_writer(tmp_path):
        pass
    with only_one_writer(tmp_path):
        pass


def test_a_writer_that_failed_leaves_the_root_to_the_next(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="disk"), only_one_writer(tmp_path):
        raise RuntimeError("disk")
    with only_one_writer(tmp_path):
        pass
