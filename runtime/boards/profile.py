"""The boards that come with the package, by name.

board = profile("tx2")
board.points("gpu")          # the 1,716 operating points a search may choose from
board.default_point("gpu")   # what a board as delivered runs at under load
"""

from __future__ import annotations

from difflib import get_close_matches
from importlib import resources

from runtime.contract.errors import BoardError

from .board_profile import BoardProfile
from .profile_file import parse_profile

__all__ = ["BoardProfile", "known_boards", "profile"]


def known_boards() -> tuple[str, ...]:
    """Names of the boards that come with the package."""
    folder = resources.files("runtime.boards") / "profiles"
    return tuple(sorted(entry.name[: -len(".toml")] for entry in folder.iterdir() if entry.name.endswith(".toml")))


def profile(name: str) -> BoardProfile:
    """A board by name. Raises BoardError naming the known boards, and the one that was probably meant."""
    known = known_boards()
    if name not in known:
        close = get_close_matches(name.lower().replace("_", "-").replace(" ", "-"), known, n=1, cutoff=0.5)
        meant = f"; did you mean {close[0]!r}?" if close else ""
        raise BoardError(f"unknown board {name!r}{meant}", where="--board", to_do=f"use one of {', '.join(known)}")
    text = (resources.files("runtime.boards") / "profiles" / f"{name}.toml").read_text(encoding="utf-8")
    return parse_profile(text, where=f"{name}.toml")
