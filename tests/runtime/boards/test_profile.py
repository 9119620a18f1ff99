"""Boards by name."""

from __future__ import annotations

import pytest

from runtime.boards.profile import known_boards, profile
from runtime.contract.errors import BoardError


def test_the_package_brings_these_boards() -> None:
    assert set(known_boards()) == {
        "agx-orin", "agx-xavier", "nano", "nvidia-gpu", "orin-nano", "orin-nano-super", "orin-nx", "thor", "tx2",
        "x86-cpu", "xavier-nx",
    }  # fmt: skip


@pytest.mark.parametrize("name", known_boards())
def test_every_known_board_can_be_read_and_bears_its_own_name(name: str) -> None:
    assert profile(name).name == name


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("tx-2", "tx2"),
        ("Orin_Nano_Super", "orin-nano-super"),
        ("orin-nano-supper", "orin-nano-super"),
        ("AGX Xavier NX", "agx-xavier"),
    ],
)
def test_a_misspelt_board_is_answered_with_the_one_meant(typed: str, meant: str) -> None:
    with pytest.raises(BoardError, match=f"unknown board '{typed}'; did you mean '{meant}'\\?"):
        profile(typed)


def test_a_board_like_no_other_gets_the_list_and_no_guess() -> None:
    with pytest.raises(BoardError, match=r"unknown board 'zzz'\n(.|\n)*to do: use one of agx-orin, agx-xavier, nano"):
        profile("zzz")
