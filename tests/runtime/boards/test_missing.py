"""What a machine lacks."""

from __future__ import annotations

from runtime.boards.missing import Missing


def test_what_is_missing_has_a_reason_and_a_remedy() -> None:
    lack = Missing("energy", "no power rail can be read", "run as root")
    assert (lack.what, lack.why, lack.to_do) == ("energy", "no power rail can be read", "run as root")
