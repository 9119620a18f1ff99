"""Everything of one machine, and what is missing of it, with the reason."""

from __future__ import annotations

import json
import platform
import re
from pathlib import Path

import pytest

from runtime.boards.hardware import find_hardware, open_hardware, this_machine
from runtime.boards.missing import Missing
from runtime.boards.nvml import Nvml
from runtime.boards.profile import profile
from runtime.boards.sensors import NVIDIA_DRIVER
from runtime.boards.sysfs.capture import capture, facts_of
from runtime.boards.sysfs.capture_file import save_capture
from runtime.boards.sysfs.whitelist import patterns
from runtime.contract.errors import BoardError
from runtime.contract.kind import Kind
from tests.runtime.boards.sysfs.board_trees import GPU, MemoryTree, no_wait, orin, tree_with

COMPATIBLE = {"/proc/device-tree/compatible": "nvidia,p3767-0005\0", "/proc/device-tree/model": "Orin Nano Super\0"}


def what(hardware_missing: tuple[object, ...]) -> set[str]:
    return {one.what for one in hardware_missing}  # type: ignore[attr-defined]


def test_a_known_board_comes_with_its_profile_and_clocks() -> None:
    hardware = find_hardware(MemoryTree({**orin(), **COMPATIBLE}), sleep=no_wait)
    assert hardware.profile == profile("orin-nano-super")
    assert hardware.identity.profile == "orin-nano-super"
    assert hardware.clocks is not None
    assert len(hardware.clocks.choices()) == 27
    assert not what(hardware.missing) & {"board profile", "cpu clock", "gpu clock", "emc clock"}


def test_what_cannot_be_set_is_missing_with_the_reason() -> None:
    files = {**orin(), **COMPATIBLE, f"{GPU}/available_frequencies": ""}
    missing = {one.what: one for one in find_hardware(MemoryTree(files)).missing}
    assert missing["gpu clock"].why == "the GPU's devfreq node lists no available_frequencies"
    assert "edge-runtime doctor" in missing["gpu clock"].to_do


def test_an_unknown_board_says_how_to_have_it_supported() -> None:
    tree = MemoryTree({**orin(), "/proc/device-tree/compatible": "acme,one\0", "/proc/device-tree/model": "Acme One\0"})
    hardware = find_hardware(tree)
    assert hardware.profile is None
    assert hardware.clocks is not None  # the device's own tables serve
    unknown = next(one for one in hardware.missing if one.what == "board profile")
    assert unknown.why == "no profile describes Acme One (compatible: acme,one)"
    assert "edge-runtime capture" in unknown.to_do


def test_a_machine_that_shows_nothing_has_nothing_and_says_so() -> None:
    hardware = find_hardware(MemoryTree({}))
    assert hardware.clocks is hardware.profile is hardware.power is hardware.thermometer is None
    assert {"board profile", "cpu clock", "gpu clock", "emc clock"} <= what(hardware.missing)
    assert any(one.why == "no profile describes this machine" for one in hardware.missing)


def test_this_machine_can_be_looked_at() -> None:
    hardware = open_hardware("sysfs")
    assert hardware.identity.python is not None
    assert hardware.identity.architecture is not None


class OneGpu:
    """NVML with one GPU that tells nothing."""

    NVMLError, NVML_TEMPERATURE_GPU = RuntimeError, 0

    def nvmlInit(self) -> None: ...  # noqa: N802

    def nvmlDeviceGetHandleByIndex(self, index: int) -> int:  # noqa: N802
        return index

    def nvmlDeviceGetName(self, handle: int) -> str:  # noqa: N802
        return f"Some GPU {handle}"

    def unsupported(self, *_: int) -> int:
        raise RuntimeError("Not Supported")

    nvmlDeviceGetPowerUsage = nvmlDeviceGetTotalEnergyConsumption = nvmlDeviceGetTemperature = unsupported  # noqa: N815


def test_a_desktop_with_an_nvidia_driver_is_a_gpu_and_one_without_is_a_cpu() -> None:
    with_driver = MemoryTree({NVIDIA_DRIVER: "NVRM"})
    assert this_machine(with_driver, lambda: Nvml(OneGpu())).identity.profile == "nvidia-gpu"
    without = this_machine(MemoryTree({"/proc/version": ""}), lambda: pytest.fail("there is no driver to ask"))
    assert without.identity.profile == ("x86-cpu" if platform.machine() == "x86_64" else None)


def test_a_driver_that_does_not_answer_is_missing_with_the_reason() -> None:
    reason = Missing("NVML", "the driver does not answer", "nvidia-smi")
    hardware = this_machine(MemoryTree({NVIDIA_DRIVER: "NVRM"}), lambda: reason)
    assert reason in hardware.missing
    assert hardware.identity.profile != "nvidia-gpu"


def test_a_folder_stands_for_a_board(tmp_path: Path) -> None:
    tree_with(tmp_path, {**orin(), **COMPATIBLE})
    hardware = open_hardware(str(tmp_path))
    assert hardware.identity.profile == "orin-nano-super"
    assert hardware.identity.python is None  # this program's Python is not the board's
    assert hardware.clocks is not None


def test_a_capture_stands_for_a_board_that_takes_no_writes(tmp_path: Path) -> None:
    board = MemoryTree({**orin(), **COMPATIBLE})
    facts = facts_of(
        board, architecture="aarch64", taken_at="2026-01-01T00:00:00Z", tool_version="1", as_root=True, simulated=False
    )
    save_capture(capture(board, patterns(), lambda: 0.0, facts=facts), tmp_path / "board.json")
    hardware = open_hardware(str(tmp_path / "board.json"))
    assert hardware.identity.architecture == "aarch64"
    assert hardware.clocks is not None
    assert set(hardware.clocks.settable().values()) == {"a recording takes no writes"}
    assert len(hardware.clocks.choices()) == 1


def test_a_model_stands_for_a_board_and_its_time_passes_with_its_waits() -> None:
    hardware = open_hardware("model:orin-nano-super")
    assert hardware.clocks is not None
    assert hardware.clocks.set(hardware.clocks.choices()[0]).took_s > 0.001


def test_what_a_model_draws_is_simulated_and_not_measured() -> None:
    power = open_hardware("model:orin-nano-super").power
    reading = None if power is None else power.read()
    assert reading is not None
    assert reading.kind is Kind.SIMULATED


def test_a_board_without_a_model_is_named_with_those_that_have_one() -> None:
    with pytest.raises(BoardError, match=r"no behavioural model of 'toaster'[\s\S]*orin-nano-super"):
        open_hardware("model:toaster")


@pytest.mark.parametrize("spec", ["nowhere", "nowhere.json", "notes.txt"])
def test_a_spec_that_names_nothing_is_refused_with_the_four_kinds(spec: str, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("{}")
    with pytest.raises(BoardError, match=re.escape("neither a folder nor a capture")) as refusal:
        open_hardware(str(tmp_path / spec))
    assert "model:NAME" in str(refusal.value)


def test_a_file_that_is_no_capture_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other.json").write_text(json.dumps({"a": 1}))
    with pytest.raises(Exception, match="capture"):
        open_hardware(str(tmp_path / "other.json"))
