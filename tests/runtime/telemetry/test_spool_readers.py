"""A second reader of a spool gets all of its class, and nobody else is held up by it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.contract.errors import StorageError
from runtime.contract.telemetry_batch import AGGREGATE, EVENT
from runtime.telemetry.spool import Spool, Spooled
from runtime.telemetry.spool_reader import SpoolReader


def add(spool: Spool, row_class: str, at: int) -> None:
    spool.append(row_class, {"at_us": [at]}, 0)


def numbers(found: list[Spooled]) -> list[int]:
    return [item.first_seq for item in found]


def test_a_reader_sees_its_class_only_and_goes_on_where_it_stopped(tmp_path: Path) -> None:
    with Spool(tmp_path / "spool", "d", "b") as spool:
        spool.read_also_by({"otlp": AGGREGATE})
        for at, row_class in enumerate((EVENT, AGGREGATE, AGGREGATE)):
            add(spool, row_class, at)
        reader = SpoolReader(spool, "otlp")
        first, second = reader.waiting(1 << 20)
        assert numbers([first, second]) == [1, 2]
        assert numbers(reader.waiting(1)) == [1]
        assert reader.acknowledge([first.id])
    with Spool(tmp_path / "spool", "d", "b") as spool:
        spool.read_also_by({"otlp": AGGREGATE})
        assert numbers(SpoolReader(spool, "otlp").waiting(1 << 20)) == [2]
        assert numbers(spool.waiting(1 << 20)) == [0, 1, 2]  # it deletes nothing that others need


def test_a_new_reader_begins_with_all_that_waits(tmp_path: Path) -> None:
    with Spool(tmp_path / "spool", "d", "b") as spool:
        add(spool, AGGREGATE, 0)
        spool.read_also_by({"otlp": AGGREGATE})
        assert numbers(SpoolReader(spool, "otlp").waiting(1 << 20)) == [0]


def test_a_reader_that_is_gone_holds_nothing_back(tmp_path: Path) -> None:
    with Spool(tmp_path / "spool", "d", "b") as spool:
        spool.read_also_by({"otlp": AGGREGATE})
        add(spool, AGGREGATE, 0)
        spool.acknowledge([item.id for item in spool.waiting(1 << 20)])
        assert spool.state().bytes != {}
        spool.read_also_by({})
        assert spool.state().bytes == {}
        assert SpoolReader(spool, "otlp").waiting(1 << 20) == []


def test_what_the_cap_takes_from_a_reader_is_counted_for_it_and_not_as_dropped(tmp_path: Path) -> None:
    with Spool(tmp_path / "spool", "d", "b", cap_bytes={AGGREGATE: 500}) as spool:
        spool.read_also_by({"otlp": AGGREGATE})
        for at in range(10):
            add(spool, AGGREGATE, at)
            spool.acknowledge([item.id for item in spool.waiting(1 << 20)])
        state = spool.state()
        left = numbers(SpoolReader(spool, "otlp").waiting(1 << 20))
        assert state.dropped == {}
        assert 0 < state.missed["otlp"] == 10 - len(left)
        for at in range(10, 20):
            add(spool, AGGREGATE, at)
        assert sum(spool.state().dropped.values()) == 10 - len(spool.waiting(1 << 20))


def test_purging_leaves_readers_nothing_and_their_place(tmp_path: Path) -> None:
    with Spool(tmp_path / "spool", "d", "b") as spool:
        spool.read_also_by({"otlp": AGGREGATE})
        add(spool, AGGREGATE, 0)
        spool.acknowledge([1])
        assert spool.purge() == 1
        add(spool, AGGREGATE, 1)
        assert numbers(SpoolReader(spool, "otlp").waiting(1 << 20)) == [1]
        assert numbers(spool.waiting(1 << 20)) == [1]


def test_a_spool_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool", "d", "b")
    spool.close()
    with pytest.raises(StorageError, match="cannot be read"):
        spool.read_also_by({"otlp": AGGREGATE})
    with pytest.raises(StorageError, match="cannot be read"):
        SpoolReader(spool, "otlp").waiting(1)
    assert not SpoolReader(spool, "otlp").acknowledge([1])


STEPS = st.lists(st.sampled_from(["aggregate", "event", "send", "read", "read one"]), max_size=30)


@settings(deadline=None, max_examples=40)
@given(steps=STEPS)
def test_everybody_gets_everything_once_in_any_order_of_steps(
    steps: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    sent: list[int] = []
    read: list[int] = []
    minutes: list[int] = []
    with Spool(tmp_path_factory.mktemp("s") / "spool", "d", "b") as spool:
        spool.read_also_by({"otlp": AGGREGATE})
        reader = SpoolReader(spool, "otlp")
        count = 0
        for step in [*steps, "send", "read"]:
            if step in (AGGREGATE, EVENT):
                add(spool, step, count)
                minutes += [count] * (step == AGGREGATE)
                count += 1
            elif step == "send":
                found = spool.waiting(1 << 20)
                sent += numbers(found)
                spool.acknowledge([item.id for item in found])
            else:
                found = reader.waiting(1 if step == "read one" else 1 << 20)
                read += numbers(found)
                reader.acknowledge([item.id for item in found])
        assert spool.state().bytes == {}
    assert sent == list(range(count))
    assert read == minutes
