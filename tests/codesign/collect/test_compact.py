from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pq = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed (the extra `collect`)")

from codesign.collect.compact import NO_DATE, compact  # noqa: E402
from codesign.collect.segments import Segments  # noqa: E402
from codesign.collect.store import Store  # noqa: E402
from runtime.contract.errors import StorageError  # noqa: E402
from runtime.contract.telemetry_batch import AGGREGATE, INFERENCE  # noqa: E402

from .batches import DAY_US, TODAY_US, payload  # noqa: E402


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "store") as store:
        yield store


def arrive(store: Store, *payloads: bytes) -> None:
    segments = Segments(store.inbox, "w1")
    segments.put(payloads)
    segments.close()


def rows(store: Store, row_class: str = INFERENCE) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for path in store.files(row_class):
        found += pq.ParquetFile(path).read().to_pylist()
    return sorted(found, key=lambda row: (row["device_id"], row["boot_id"], row["seq"]))


def numbers(store: Store) -> list[int]:
    found = rows(store)
    assert all(row["run_us"] == row["seq"] for row in found)
    return [row["seq"] for row in found]


def test_payloads_become_rows_by_day_and_board(store: Store) -> None:
    arrive(store, payload(0, 3), payload(3, 2, board="tx2"), payload(5, 1, wall_offset_us=TODAY_US + DAY_US))
    done = compact(store)
    assert (done.segments, done.rows, done.duplicates, done.rejected) == (1, 6, 0, 0)
    folders = sorted(path.parent.relative_to(store.folder / "data").as_posix() for path in store.files(INFERENCE))
    assert folders == [
        "inference/date=2026-09-21/board=orin-nano",
        "inference/date=2026-09-21/board=tx2",
        "inference/date=2026-09-22/board=orin-nano",
    ]
    assert numbers(store) == list(range(6))
    assert list(store.inbox.glob("*.telemetry")) == []


def test_what_comes_again_is_counted_and_left_out_in_the_same_pass_and_in_later_ones(store: Store) -> None:
    arrive(store, payload(0, 4), payload(0, 4))
    assert compact(store).duplicates == 4
    arrive(store, payload(0, 4))
    assert compact(store).rows == 0
    assert numbers(store) == [0, 1, 2, 3]
    assert store.state().duplicates == 8


@settings(deadline=None, max_examples=25)
@given(
    sent=st.lists(st.tuples(st.integers(0, 40), st.integers(1, 15)), min_size=1, max_size=12),
    passes=st.integers(1, 4),
)
def test_every_row_is_there_once_however_batches_overlap_repeat_and_come_out_of_order(
    sent: list[tuple[int, int]], passes: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with Store(tmp_path_factory.mktemp("store")) as store:
        for k in range(passes):
            arrive(store, *(payload(first, count) for first, count in sent[k::passes]))
            compact(store)
        expected = sorted({n for first, count in sent for n in range(first, first + count)})
        assert numbers(store) == expected
        state = store.state()
        assert state.rows.get(INFERENCE, 0) + state.duplicates == sum(count for _, count in sent)


def test_what_cannot_be_read_is_kept_aside_and_the_rest_goes_in(store: Store) -> None:
    arrive(store, b"nonsense", payload(0, 2), payload(2, 2)[:-3])
    done = compact(store)
    assert (done.rows, done.rejected) == (2, 2)
    assert len(list(store.rejected.iterdir())) == 2
    assert store.state().rejected == 2


def test_a_segment_whose_end_was_cut_off_gives_what_is_whole(store: Store) -> None:
    arrive(store, payload(0, 2), payload(2, 2))
    (segment,) = store.inbox.glob("*.telemetry")
    segment.write_bytes(segment.read_bytes()[:-5])
    compact(store)
    assert numbers(store) == [0, 1]


def test_a_compaction_that_was_killed_before_the_index_knew_leaves_no_row_twice(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrive(store, payload(0, 3))
    with monkeypatch.context() as patched:
        patched.setattr(Store, "add", lambda *_: (_ for _ in ()).throw(StorageError("killed")))
        with pytest.raises(StorageError, match="killed"):
            compact(store)
    assert len(list((store.folder / "data").rglob("*.parquet"))) == 1
    assert rows(store) == []
    compact(store)
    assert numbers(store) == [0, 1, 2]
    assert len(list((store.folder / "data").rglob("*.parquet"))) == 1


def test_a_compaction_that_was_killed_after_the_index_knew_counts_duplicates(store: Store) -> None:
    arrive(store, payload(0, 3))
    (segment,) = store.inbox.glob("*.telemetry")
    content = segment.read_bytes()
    compact(store)
    segment.write_bytes(content)
    assert compact(store).duplicates == 3
    assert numbers(store) == [0, 1, 2]


def test_a_clock_that_jumps_by_years_changes_the_folder_and_not_the_order(store: Store) -> None:
    arrive(
        store, payload(0, 2, wall_offset_us=0), payload(2, 2), payload(4, 2, wall_offset_us=TODAY_US + 3650 * DAY_US)
    )
    compact(store)
    dates = {path.parent.parent.name for path in store.files(INFERENCE)}
    assert dates == {f"date={NO_DATE}", "date=2026-09-21", "date=2036-09-18"}
    assert numbers(store) == list(range(6))
    assert [row["wall_us"] for row in rows(store)][:2] == [None, None]


def test_boots_and_devices_number_for_themselves(store: Store) -> None:
    arrive(store, payload(0, 2), payload(0, 2, boot_id="b2"), payload(0, 2, device_id="d2"))
    assert compact(store).rows == 6


def test_classes_have_files_of_their_own(store: Store) -> None:
    arrive(store, payload(0, 1), payload(1, 1, row_class=AGGREGATE, columns={"images": [5], "exits": ["3,2"]}))
    compact(store)
    assert [row["exits"] for row in rows(store, AGGREGATE)] == ["3,2"]


def test_two_compactions_at_once_are_refused(store: Store) -> None:
    with store.compacting(), pytest.raises(StorageError, match="another process is compacting"):
        compact(store)
