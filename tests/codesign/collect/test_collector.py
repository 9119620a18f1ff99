from __future__ import annotations

import threading
from pathlib import Path

import pytest

pytest.importorskip("pyarrow", reason="pyarrow is not installed (the extra `collect`)")

from codesign.collect.collector import Collector
from codesign.collect.compact import Compacted
from codesign.collect.store import Store
from runtime.contract.telemetry_bundle import bundled

from .batches import payload


def test_what_lies_in_a_folder_becomes_rows_and_rounds_go_on_until_told_to_stop(tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    (stick / "a.telemetry").write_bytes(bundled([payload(0, 3)]))
    stop, rounds, problems = threading.Event(), list[Compacted](), list[str]()

    def on_round(done: Compacted) -> None:
        rounds.append(done)
        if len(rounds) == 2:
            stop.set()

    with Store(tmp_path / "store") as store:
        collector = Collector(store, "one", every_s=0.01)
        collector.work(stop, on_round, problems.append, [stick], remove=False)
        collector.close()
        assert [done.rows for done in rounds] == [3, 0]
        assert rounds[1].duplicates == 3
        assert problems == []


def test_a_worker_that_does_not_compact_leaves_it_to_another(tmp_path: Path) -> None:
    with Store(tmp_path / "store") as store:
        keeping, compacting = Collector(store, "a", compacts=False), Collector(store, "b")
        keeping.segments.put([payload(0, 2)])
        assert keeping.compact_now().rows == 0
        assert compacting.compact_now().rows == 2
        keeping.close()
        compacting.close()
