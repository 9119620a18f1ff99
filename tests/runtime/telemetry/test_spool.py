from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.contract.errors import ConfigError, DataError, StorageError
from runtime.contract.telemetry_batch import EVENT, INFERENCE, decode
from runtime.telemetry.spool import Spool, Spooled


def rows(count: int, start: int = 0) -> dict[str, list[int | str | None]]:
    # Numbers that do not compress away, so that sizes mean something.
    return {
        "at_us": [start + k for k in range(count)],
        "run_us": [(k * 2654435761 + start) % 2**31 for k in range(count)],
    }


def opened(path: Path, cap: int = 1 << 20, boot: str = "b1") -> Spool:
    return Spool(path, "d1", boot, "orin-nano", {INFERENCE: cap})


def numbers(found: list[Spooled]) -> list[int]:
    return [item.first_seq + k for item in found for k in range(item.rows)]


def test_what_is_committed_waits_in_order_until_it_is_acknowledged(tmp_path: Path) -> None:
    with opened(tmp_path / "spool") as spool:
        for start in (0, 3, 6):
            assert spool.append(INFERENCE, rows(3, start), 5)
        found = spool.waiting(1 << 20)
        assert numbers(found) == list(range(9))
        assert decode(found[1].content).columns["at_us"] == [3, 4, 5]
        assert spool.acknowledge([found[0].id])
    with opened(tmp_path / "spool") as spool:
        assert numbers(spool.waiting(1 << 20)) == list(range(3, 9))


def test_numbers_go_on_after_everything_was_acknowledged_and_the_process_restarted(tmp_path: Path) -> None:
    with opened(tmp_path / "spool") as spool:
        spool.append(INFERENCE, rows(3), 0)
        spool.acknowledge([item.id for item in spool.waiting(1 << 20)])
    with opened(tmp_path / "spool") as spool:
        spool.append(EVENT, {"name": ["started"]}, 0)
        assert numbers(spool.waiting(1 << 20)) == [3]
    with opened(tmp_path / "spool", boot="b2") as spool:
        spool.append(EVENT, {"name": ["started"]}, 0)
        assert [(item.boot_id, item.first_seq) for item in spool.waiting(1 << 20)] == [("b1", 3), ("b2", 0)]


def test_tables_of_one_call_are_committed_together_or_not_at_all(tmp_path: Path) -> None:
    with opened(tmp_path / "spool") as spool:
        with pytest.raises(DataError, match="column 'at_us' is not one of event rows"):
            spool.append_all([(INFERENCE, rows(2)), (EVENT, {"at_us": ["never"]})], 0)
        assert spool.waiting(1 << 20) == []
        assert spool.append_all([(INFERENCE, rows(2)), (EVENT, {"name": ["x"]})], 0)
        assert numbers(spool.waiting(1 << 20)) == [0, 1, 2]


@settings(max_examples=20, deadline=None)
@given(sizes=st.lists(st.integers(1, 60), min_size=1, max_size=25), cap=st.integers(200, 3000))
def test_a_cap_holds_per_class_the_oldest_go_first_and_every_row_waits_or_is_counted(
    sizes: list[int], cap: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with opened(tmp_path_factory.mktemp("spool") / "spool", cap) as spool:
        spool.append(EVENT, {"name": ["started"]}, 0)
        for size in sizes:
            spool.append(INFERENCE, rows(size), 0)
        state = spool.state()
        found = [item for item in spool.waiting(1 << 20) if item.row_class == INFERENCE]
    assert len(found) == 1 or state.bytes[INFERENCE] <= cap
    assert state.rows[INFERENCE] + state.dropped.get(INFERENCE, 0) == sum(sizes)
    assert numbers(found) == list(range(1 + sum(sizes) - state.rows[INFERENCE], 1 + sum(sizes)))
    assert state.rows[EVENT] == 1


def test_drops_are_remembered_after_a_restart(tmp_path: Path) -> None:
    with opened(tmp_path / "spool", 100) as spool:
        for _ in range(3):
            spool.append(INFERENCE, rows(50), 0)
    with opened(tmp_path / "spool", 100) as spool:
        assert spool.state().dropped == {INFERENCE: 100}


def test_a_full_disk_makes_counted_drops_and_recording_goes_on_when_there_is_room(tmp_path: Path) -> None:
    with opened(tmp_path / "spool") as spool:
        spool.append(INFERENCE, rows(5), 0)
        (pages,) = spool._base.execute("PRAGMA page_count").fetchone()
        spool._base.execute(f"PRAGMA max_page_count = {pages}")  # SQLite then says what it says on a full disk
        assert not spool.append(INFERENCE, rows(4000), 0)
        assert spool.state().dropped == {INFERENCE: 4000}
        spool._base.execute("PRAGMA max_page_count = 100000")
        assert spool.append(INFERENCE, rows(1), 0)
        assert spool.state().dropped == {INFERENCE: 4000}
        assert numbers(spool.waiting(1 << 20)) == list(range(6))
    with opened(tmp_path / "spool") as spool:
        assert spool.state().dropped == {INFERENCE: 4000}


def test_as_much_is_handed_out_as_was_asked_for_and_at_least_one(tmp_path: Path) -> None:
    with opened(tmp_path / "spool") as spool:
        for _ in range(5):
            spool.append(INFERENCE, rows(100), 0)
        every = spool.waiting(1 << 20)
        assert len(spool.waiting(1)) == 1
        assert len(spool.waiting(len(every[0].content) * 2 + 10)) == 2
        assert spool.waiting(1 << 20, after_id=every[3].id) == every[4:]


def test_purging_leaves_nothing_but_the_numbers(tmp_path: Path) -> None:
    with opened(tmp_path / "spool") as spool:
        spool.append(INFERENCE, rows(100), 0)
        assert spool.purge() == 100
        assert spool.waiting(1 << 20) == []
        spool.append(INFERENCE, rows(1), 0)
        assert numbers(spool.waiting(1 << 20)) == [100]


WRITER = """
import sys
from pathlib import Path
from runtime.telemetry.spool import Spool
spool = Spool(Path(sys.argv[1]), "d1", "b1")
k = 0
while True:
    spool.append("inference", {"at_us": [k, k + 1, k + 2]}, 0)
    k += 3
    print(k, flush=True)
"""


def test_a_killed_writer_loses_nothing_that_was_committed_and_never_numbers_twice(tmp_path: Path) -> None:
    told = 0
    for _ in range(3):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path / "spool")], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        for _ in range(5):
            told_now = int(process.stdout.readline())
        os.kill(process.pid, signal.SIGKILL)
        rest = process.stdout.read().split()
        process.stdout.close()
        process.wait()
        told += int(rest[-1]) if rest else told_now
    with opened(tmp_path / "spool") as spool:
        found = numbers(spool.waiting(1 << 30))
    assert found == list(range(len(found)))
    assert told <= len(found) <= told + 3 * 3


def test_what_is_no_spool_is_refused(tmp_path: Path) -> None:
    (tmp_path / "spool").write_text("something else entirely, long enough to be looked at as a database header" * 3)
    with pytest.raises(StorageError, match="the spool cannot be opened"):
        opened(tmp_path / "spool")
    base = sqlite3.connect(tmp_path / "later")
    base.execute("PRAGMA user_version = 2")
    base.close()
    with pytest.raises(StorageError, match="of version 2"):
        opened(tmp_path / "later")
    with pytest.raises(ConfigError, match="no cap of 0 bytes"):
        opened(tmp_path / "x", 0)
