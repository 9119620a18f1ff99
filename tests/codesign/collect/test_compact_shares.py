"""Workers that compact a store together make the same rows of it as one does, whoever is killed when."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.collect.compact import compact
from codesign.collect.segments import Segments
from codesign.collect.share import Share
from codesign.collect.store import Store
from runtime.contract.errors import StorageError
from runtime.contract.telemetry_batch import INFERENCE

from .batches import payload

HALVES = (Share(0, 2), Share(1, 2))
DEVICES = ("d1", "d2", "d3", "d4", "d5")


def put(store: Store, worker: str, *payloads: bytes) -> None:
    segments = Segments(store.inbox, worker)
    segments.put(payloads)
    segments.close()


def rows(store: Store) -> list[tuple[str, int]]:
    found: list[tuple[str, int]] = []
    for path in store.files(INFERENCE):
        table = pq.ParquetFile(path).read(["device_id", "seq"]).to_pydict()
        found += zip(table["device_id"], table["seq"], strict=True)
    return sorted(found)


def test_each_takes_its_devices_and_the_last_removes_the_segment(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        put(store, "a", *(payload(0, 3, device_id=device) for device in DEVICES), b"damaged")
        first = compact(store, share=HALVES[0])
        assert len(list(store.inbox.glob("*.telemetry"))) == 1
        assert compact(store, share=HALVES[0]).segments == 0  # it has read it
        second = compact(store, share=HALVES[1])
        assert list(store.inbox.glob("*.telemetry")) == []
        assert (first.rows + second.rows, first.rejected, second.rejected) == (15, 1, 0)
        assert {name for name, _ in rows(store)} == set(DEVICES)
        assert store.state().duplicates == 0


def test_two_may_be_at_it_at_the_same_time_but_not_with_one_share_or_another_number_of_them(tmp_path: Path) -> None:
    with Store(tmp_path) as store, Store(tmp_path) as other:
        with store.compacting(HALVES[0]):
            with other.compacting(HALVES[1]):
                pass
            for share in (HALVES[0], Share(), Share(0, 3), Share(2, 3)):
                with pytest.raises(StorageError, match="another process is compacting"), other.compacting(share):
                    pass
        with store.compacting(), pytest.raises(StorageError, match="another process"), other.compacting(HALVES[1]):
            pass
        with other.compacting(Share(2, 3)):
            pass


def test_what_a_killed_worker_left_of_its_own_is_removed_and_nothing_of_others(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        folder = tmp_path / "data" / INFERENCE
        folder.mkdir(parents=True)
        for name in ("0-1-1.parquet", "1-1-1.parquet"):
            (folder / name).touch()
        compact(store, share=HALVES[0])
        assert [path.name for path in folder.iterdir()] == ["1-1-1.parquet"]


def test_a_segment_whose_last_reader_was_killed_before_it_removed_it_goes_with_the_next_look(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        put(store, "a", payload(0, 3))
        compact(store, share=HALVES[0])
        (segment,) = store.inbox.glob("*.telemetry")
        with store.compacting(HALVES[1]):
            store.add({}, {}, 0, 0, [segment], HALVES[1])  # and killed
        assert compact(store, share=HALVES[0]).segments == 0
        assert not segment.exists()


STEPS = st.lists(st.sampled_from(["put", "again", "1/1", "1/2", "2/2", "1/3", "2/3", "3/3"]), max_size=14)


@settings(deadline=None, max_examples=25)
@given(steps=STEPS)
def test_every_row_is_there_once_however_shares_change_meanwhile(
    steps: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    sent: list[bytes] = []
    with Store(tmp_path_factory.mktemp("s")) as store:
        for number, step in enumerate([*steps, "1/2", "2/2"]):
            if step == "put":
                sent += [payload(2 * number, 2, device_id=device) for device in DEVICES]
                put(store, "w", *sent[-len(DEVICES) :])
            elif step == "again" and sent:
                put(store, "w", *sent)
            elif "/" in step:
                compact(store, share=Share.parse(step))
        numbers = [number for number, step in enumerate(steps) if step == "put"]
        expected = sorted((device, seq) for device in DEVICES for n in numbers for seq in (2 * n, 2 * n + 1))
        assert rows(store) == expected
        assert list(store.inbox.glob("*.telemetry")) == []
