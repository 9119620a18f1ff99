"""The README's table says of every board what its profile says."""

from __future__ import annotations

from pathlib import Path

from runtime.boards.profile import known_boards, profile
from tests.bench.board_table import row, table


def test_every_board_has_a_line() -> None:
    lines = table().splitlines()
    assert len(lines) == 2 + len(known_boards())
    assert len({line.count("|") for line in lines}) == 1


def test_what_is_only_simulated_and_what_is_only_assumed_is_said() -> None:
    assert row(profile("tx2"))[2:5] == ("simulated only", "4.6", "3.6")
    assert row(profile("tx2"))[6] == "assumed"
    assert row(profile("thor"))[5:] == ("assumed", "assumed")
    assert "`cpu`: Denver 2, 2 cores" in row(profile("tx2"))[1]
    assert row(profile("x86-cpu"))[3:5] == ("none", "3.10 or later")


def test_devices_that_are_known_differently_are_named_apart() -> None:
    assert row(profile("agx-xavier"))[6].startswith("`gpu`: 4 of 11 fitted")
    assert row(profile("agx-xavier"))[6].endswith("`cpu`: assumed")


def test_the_readme_shows_the_table_as_the_profiles_make_it() -> None:
    readme = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
    assert table() in readme, "put the output of `python -m tests.bench.board_table` into README.md"
