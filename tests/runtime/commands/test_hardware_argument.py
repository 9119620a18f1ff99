"""`--hardware` is this machine unless something else is named."""

from __future__ import annotations

from argparse import ArgumentParser

import pytest

from runtime.boards.hardware import THIS_MACHINE
from runtime.commands.hardware_argument import add_hardware


@pytest.fixture
def parser() -> ArgumentParser:
    made = ArgumentParser()
    add_hardware(made)
    return made


def test_this_machine_is_the_default(parser: ArgumentParser) -> None:
    assert parser.parse_args([]).hardware == THIS_MACHINE == "sysfs"


def test_another_can_be_named(parser: ArgumentParser) -> None:
    assert parser.parse_args(["--hardware", "model:orin-nano-super"]).hardware == "model:orin-nano-super"


def test_help_names_every_kind(parser: ArgumentParser) -> None:
    for kind in ("this machine", "folder", "capture", "model:NAME"):
        assert kind in " ".join(parser.format_help().split())
