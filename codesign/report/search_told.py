"""How backbones and chains of them were searched: the optional `search` of the results, in a sentence."""

from __future__ import annotations

from dataclasses import dataclass

from .reading import Node


@dataclass(frozen=True, slots=True)
class SearchTold:
    """What an outer search did."""

    strategy: str
    backbones: int  # evaluated
    chains: int  # solved exactly
    solves_saved: int  # chains that a bound showed to be behind
    too_many_exits: int  # chains that are too long for the solver
    failed: tuple[tuple[str, str], ...]  # backbones that could not be evaluated: name, and why

    @property
    def sentence(self) -> str:
        """All of it, for people."""
        parts = [f"Strategy {self.strategy}: {self.backbones} backbones evaluated, {self.chains} chains solved exactly"]
        if self.solves_saved:
            parts.append(f"{self.solves_saved} left unsolved since a bound showed them to be behind")
        if self.too_many_exits:
            parts.append(f"{self.too_many_exits} left out for having too many exits")
        if self.failed:
            why = self.failed[0][1].splitlines()[0]
            parts.append(f"{len(self.failed)} of the backbones could not be evaluated ({why})")
        return ", ".join(parts) + "."


def search_from(node: Node) -> SearchTold:
    """Read it. Raises ConfigError, naming the path, where a key is missing or holds something impossible."""
    return SearchTold(
        node.at("strategy").text(),
        node.at("backbones").count(),
        node.at("chains").count(),
        node.at("solves_saved").count(),
        node.at("with_too_many_exits").count(),
        tuple((row.at("name").text(), row.at("why").text()) for row in node.at("failed").items()),
    )
