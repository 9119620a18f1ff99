from __future__ import annotations

from pathlib import Path

from runtime.contract.telemetry_batch import EVENT
from runtime.telemetry.spool import Spool
from runtime.telemetry.spool_reader import SpoolReader


def test_it_reads_and_passes_under_its_own_name(tmp_path: Path) -> None:
    with Spool(tmp_path / "spool", "d", "b") as spool:
        spool.read_also_by({"one": EVENT, "other": EVENT})
        spool.append(EVENT, {"name": ["started"]}, 0)
        one, other = SpoolReader(spool, "one"), SpoolReader(spool, "other")
        assert one.acknowledge([item.id for item in one.waiting(1)])
        assert one.waiting(1) == []
        assert len(other.waiting(1)) == 1
