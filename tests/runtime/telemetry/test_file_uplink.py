from __future__ import annotations

from pathlib import Path

import pytest

from runtime.contract.telemetry_batch import INFERENCE, decode
from runtime.contract.telemetry_bundle import unbundled
from runtime.telemetry.file_uplink import FileUplink
from runtime.telemetry.spool import Spool
from runtime.telemetry.uplink import UplinkFailed


def test_a_send_is_one_whole_file_and_the_same_send_the_same_file(tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    with Spool(tmp_path / "spool", "d1", "b1") as spool:
        for k in range(3):
            spool.append(INFERENCE, {"at_us": [k]}, 0)
        waiting = spool.waiting(1 << 20)
    uplink = FileUplink(stick, "d1")
    assert uplink.send(waiting) == [item.id for item in waiting]
    assert uplink.send(waiting) == [item.id for item in waiting]
    (path,) = stick.iterdir()
    assert path.suffix == ".telemetry"
    found = [decode(payload) for payload in unbundled(path.read_bytes())]
    assert [batch.first_seq for batch in found] == [0, 1, 2]
    assert uplink.name == str(stick)


def test_a_stick_that_is_not_there_is_no_folder_to_be_made(tmp_path: Path) -> None:
    with Spool(tmp_path / "spool", "d1", "b1") as spool:
        spool.append(INFERENCE, {"at_us": [1]}, 0)
        with pytest.raises(UplinkFailed, match="is not there"):
            FileUplink(tmp_path / "stick", "d1").send(spool.waiting(1))
    assert not (tmp_path / "stick").exists()


def test_a_stick_that_takes_nothing_is_said(tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    with Spool(tmp_path / "spool", "d1", "b1") as spool:
        spool.append(INFERENCE, {"at_us": [1]}, 0)
        waiting = spool.waiting(1)
    (stick / f"d1-b1-{waiting[0].id:012d}.telemetry").mkdir()
    with pytest.raises(UplinkFailed, match="cannot be written"):
        FileUplink(stick, "d1").send(waiting)
