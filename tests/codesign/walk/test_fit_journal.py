from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from codesign.predict.fitting.journal import TEST, Batch, Round
from codesign.walk.fit_journal import open_journal
from runtime.contract.errors import ConfigError, StorageError

SETTINGS = {"space": "resnet", "seed": 0, "bins": (1, 2)}
BATCH = Batch(
    purpose=TEST,
    on="a board",
    designs=np.array([[3, 0], [5, 1]]),
    costs=np.array([0.1, 1 / 3]),
    latency_s=np.array([0.1, 0.2]),
    noisy=np.array([False, True]),
    references=np.array([0.5]),
    spread=0.01,
    attempts=2,
)
ROUND = Round(0, 10, 9, (4, 5), (0.9, 0.99), 0.25)


def written(path: Path) -> Path:
    with open_journal(path, SETTINGS) as journal:
        journal.add(BATCH)
        journal.add(ROUND)
    return path


def test_what_was_written_is_read_back_to_the_last_bit(tmp_path: Path) -> None:
    with open_journal(written(tmp_path / "j.jsonl"), SETTINGS) as journal:
        (batch,) = journal.batches()
        assert journal.rounds() == (ROUND,)
    assert (batch.purpose, batch.on, batch.spread, batch.attempts) == (TEST, "a board", 0.01, 2)
    for name in ("designs", "costs", "latency_s", "noisy", "references"):
        assert getattr(batch, name).tolist() == getattr(BATCH, name).tolist()


def test_a_line_that_was_never_finished_is_cut_off(tmp_path: Path) -> None:
    path = written(tmp_path / "j.jsonl")
    whole = path.read_bytes()
    path.write_bytes(whole[:-7])
    with open_journal(path, SETTINGS) as journal:
        assert (len(journal.batches()), journal.rounds()) == (1, ())
        journal.add(ROUND)
    assert path.read_bytes() == whole


def test_a_journal_of_other_settings_is_refused_by_what_changed(tmp_path: Path) -> None:
    path = written(tmp_path / "j.jsonl")
    with pytest.raises(ConfigError, match="begun with another seed"), open_journal(path, SETTINGS | {"seed": 1}):
        pass


def test_a_file_that_is_no_journal_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "j.jsonl"
    path.write_text('{"record": "something"}\n')
    with pytest.raises(ConfigError, match="no journal of `codesign fit`"), open_journal(path, SETTINGS):
        pass
    assert path.read_text() == '{"record": "something"}\n'


@pytest.mark.parametrize("line", ["nonsense", "[1]", json.dumps({"record": "batch"}), json.dumps({"record": "round"})])
def test_a_damaged_line_is_named(tmp_path: Path, line: str) -> None:
    path = written(tmp_path / "j.jsonl")
    path.write_text(f"{path.read_text()}{line}\n")
    with pytest.raises(StorageError, match=r"a line of the journal is damaged\n  where: .*j.jsonl:4"):
        open_journal(path, SETTINGS)


def test_two_runs_cannot_write_to_one_journal(tmp_path: Path) -> None:
    path = tmp_path / "j.jsonl"
    with open_journal(path, SETTINGS), pytest.raises(StorageError, match="another run writes"):
        open_journal(path, SETTINGS)


def test_a_folder_that_is_not_there_is_said_to_be(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot write"):
        open_journal(tmp_path / "nowhere" / "j.jsonl", SETTINGS)
