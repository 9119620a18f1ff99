"""The machine that figures speak of has a name."""

from __future__ import annotations

from pathlib import Path

from runtime.engine.machine import this_machine


def test_a_board_names_itself_in_its_device_tree(tmp_path: Path) -> None:
    (tmp_path / "proc" / "device-tree").mkdir(parents=True)
    (tmp_path / "proc" / "device-tree" / "model").write_bytes(b"NVIDIA Jetson Orin Nano\0")
    (tmp_path / "proc" / "cpuinfo").write_text("model name : something else\n")
    assert this_machine(tmp_path).startswith("NVIDIA Jetson Orin Nano, ")


def test_a_computer_is_named_after_its_processor(tmp_path: Path) -> None:
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc" / "cpuinfo").write_text("processor\t: 0\nmodel name\t: Some CPU @ 2.5 GHz\n")
    assert this_machine(tmp_path).startswith("Some CPU @ 2.5 GHz, ")


def test_a_machine_without_such_files_is_still_called_something(tmp_path: Path) -> None:
    assert " cores, " in this_machine(tmp_path)
