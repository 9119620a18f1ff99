"""Records are on the disk one by one, survive being cut short, and are never mixed with others."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from runtime.contract.errors import ConfigError, StorageError
from runtime.contract.measurement import ReferenceReading
from runtime.measure.records_file import open_records, read_records
from tests.runtime.contract.test_measurement import HEADER, POINT, RECORD

REFERENCE = ReferenceReading(0.001, 2.0, "now")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A file with a reference and a record."""
    path = tmp_path / "measurements.jsonl"
    with open_records(path, HEADER, resume=False) as file:
        file.add(REFERENCE)
        file.add(RECORD)
    return path


def test_what_was_added_is_read_back(out: Path) -> None:
    records = read_records(out)
    assert records.header == HEADER
    assert records.measurements == [RECORD]
    assert records.references_s == [0.001]
    assert records.done == {("d1", POINT)}
    assert not records.cut_short


def test_a_record_is_on_the_disk_as_soon_as_it_was_added(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    with open_records(path, HEADER, resume=True) as file:
        file.add(RECORD)
        assert read_records(path).measurements == [RECORD]
        assert file.records.measurements == [RECORD]


def test_going_on_adds_after_what_is_there(out: Path) -> None:
    with open_records(out, HEADER, resume=True) as file:
        assert file.records.done == {("d1", POINT)}
        file.add(replace(RECORD, subject="d2"))
    assert [record.subject for record in read_records(out).measurements] == ["d1", "d2"]


def test_a_file_with_measurements_is_not_overwritten(out: Path) -> None:
    with pytest.raises(ConfigError, match=r"already holds measurements(.|\n)*--resume"):
        open_records(out, HEADER, resume=False)
    assert read_records(out).measurements == [RECORD]


@pytest.mark.parametrize("keep", [1, 40])
def test_a_last_line_that_was_never_finished_is_measured_again(out: Path, keep: int) -> None:
    whole = out.read_bytes()
    out.write_bytes(whole + whole.splitlines()[-1][:keep])
    assert read_records(out).cut_short
    with open_records(out, HEADER, resume=True) as file:
        assert file.records.cut_short
        file.add(replace(RECORD, subject="d2"))
    assert [record.subject for record in read_records(out).measurements] == ["d1", "d2"]
    assert out.read_bytes().startswith(whole)


def test_a_header_that_was_never_finished_is_begun_again(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    path.write_bytes(b'{"record": "hea')
    with open_records(path, HEADER, resume=False):
        pass
    assert read_records(path).header == HEADER


@pytest.mark.parametrize("content", [b"my only copy", b"a\nb\n"])
def test_a_file_of_somebody_elses_is_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "m.jsonl"
    path.write_bytes(content)
    with pytest.raises((ConfigError, StorageError)):
        open_records(path, HEADER, resume=True)
    assert path.read_bytes() == content


def test_another_plan_or_machine_does_not_go_into_the_same_file(out: Path) -> None:
    with pytest.raises(ConfigError, match=r"begun differently: plan_sha256, machine changed(.|\n)*another --out"):
        open_records(out, replace(HEADER, plan_sha256="cd", machine="another"), resume=True)


def test_two_sessions_do_not_write_at_once(out: Path) -> None:
    with open_records(out, HEADER, resume=True), pytest.raises(StorageError, match="another session writes"):
        open_records(out, HEADER, resume=True)
    open_records(out, HEADER, resume=True).close()


@pytest.mark.parametrize("damage", [b"{", b"[]"])
def test_a_damaged_line_in_the_middle_is_named(out: Path, damage: bytes) -> None:
    lines = out.read_bytes().splitlines()
    out.write_bytes(b"\n".join([lines[0], damage, lines[2], b""]))
    with pytest.raises(StorageError, match=r"a record is damaged\n  where: .*jsonl:2\n"):
        read_records(out)
    with pytest.raises(StorageError, match="a record is damaged"):
        open_records(out, HEADER, resume=True)


def test_a_file_of_something_else_is_refused(out: Path) -> None:
    out.write_bytes(b'{"a": 1}\n')
    with pytest.raises(ConfigError, match=r"the first line is no header(.|\n)*edge-runtime measure"):
        read_records(out)
    out.write_bytes(b"")
    with pytest.raises(ConfigError, match="the first line is no header"):
        read_records(out)


def test_records_of_later_kinds_are_left_aside(out: Path) -> None:
    with out.open("ab") as file:
        file.write(b'{"record": "photograph"}\n{"record": "reference", "latency_s": "long"}\n')
    assert read_records(out).references_s == [0.001]


def test_files_that_cannot_be_read_or_written_are_named(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"cannot be read(.|\n)*measure first"):
        read_records(tmp_path / "absent.jsonl")
    with pytest.raises(StorageError, match=r"cannot be written(.|\n)*another --out"):
        open_records(tmp_path / "absent" / "m.jsonl", HEADER, resume=False)
