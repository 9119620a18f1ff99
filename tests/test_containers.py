"""The container files and the wheelhouse that they install from agree with each other and with the product."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from runtime.commands.main import COMMANDS

ROOT = Path(__file__).resolve().parents[1]
CONTAINERS = sorted((ROOT / "deploy" / "container").glob("*.Dockerfile"))
PYTHONS = {"jetpack6": "3.10", "jetpack7": "3.12"}
INSTALLED = re.compile(r"edge-codesign\[([a-z,]+)\]")


def default_of(variable: str) -> str:
    found = re.search(rf"^{variable} \?= (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert found is not None
    return found[1]


def planned(*settings: str) -> str:
    """What `make wheelhouse` would do."""
    if shutil.which("make") is None:
        pytest.skip("no make here")
    command = ["make", "--dry-run", "--no-print-directory", "wheelhouse", *settings]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_there_is_one_for_each_jetpack_that_boards_have() -> None:
    assert [path.name.split(".")[0] for path in CONTAINERS] == sorted(PYTHONS)


@pytest.mark.parametrize("path", CONTAINERS, ids=lambda path: path.name)
def test_a_container_installs_offline_what_a_wheelhouse_holds_and_runs_as_nobody(path: Path) -> None:
    text = path.read_text()
    assert set(INSTALLED.findall(text)) == {default_of("BOARD_EXTRAS")}
    assert "--no-index --find-links /wheelhouse" in text
    assert re.search(r"^USER \d+:\d+$", text, re.MULTILINE)
    assert 'ENTRYPOINT ["edge-runtime"]' in text
    command = re.search(r'^CMD \["([a-z]+)"\]$', text, re.MULTILINE)
    assert command is not None
    assert command[1] in COMMANDS
    assert f"Python {PYTHONS[path.name.split('.')[0]]}" in text


def test_containers_differ_in_what_they_stand_on_only() -> None:
    bodies = [
        [line for line in path.read_text().splitlines() if not line.startswith(("#", "ARG BASE="))]
        for path in CONTAINERS
    ]
    assert bodies[0] == bodies[1]


def test_a_wheelhouse_is_for_the_board_and_not_for_the_machine_that_makes_it() -> None:
    steps = planned()
    assert "--python-version 3.10" in steps
    assert "manylinux_2_35_aarch64" in steps
    assert "-c constraints-board.txt" in steps
    assert "--only-binary :all:" in steps
    for package in ("tomli", "exceptiongroup", "typing_extensions"):  # markers are judged by the machine that makes it
        assert package in steps


def test_another_board_is_named_by_variables() -> None:
    steps = planned("BOARD_PYTHON=3.12", "BOARD_MACHINE=x86_64", "BOARD_EXTRAS=serve")
    assert "--python-version 3.12" in steps
    assert "aarch64" not in steps
    assert '.whl)[serve]"' in steps
