from __future__ import annotations

from pathlib import Path

import pytest

from runtime.contract.errors import BoardError
from runtime.contract.telemetry_batch import IDENTITY
from runtime.telemetry.identity import boot_id, device_id


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    for name, text in (("etc/machine-id", "0123abcd\n"), ("proc/sys/kernel/random/boot_id", "1f-2e\n")):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_a_device_is_known_again_and_its_machine_id_does_not_leave_it(machine: Path) -> None:
    assert device_id(machine) == device_id(machine)
    assert "0123abcd" not in device_id(machine)
    assert IDENTITY.fullmatch(device_id(machine))
    before = device_id(machine)
    (machine / "etc/machine-id").write_text("0123abce\n")
    assert device_id(machine) != before


def test_a_boot_is_the_kernels(machine: Path) -> None:
    assert boot_id(machine) == "1f-2e"


@pytest.mark.parametrize("text", [None, "", "\n"])
def test_a_machine_without_an_id_says_so(machine: Path, text: str | None) -> None:
    path = machine / "etc/machine-id"
    path.unlink() if text is None else path.write_text(text)
    with pytest.raises(BoardError, match="does not say who it is"):
        device_id(machine)
