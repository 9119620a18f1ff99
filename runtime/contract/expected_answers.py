"""Where a mode's images leave and how sure the answers are, on the split that chose it: what drift is told by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .errors import BundleError


@dataclass(frozen=True, slots=True)
class ExpectedAnswers:
    """How often images fell into each cell on the split that chose a mode. Raises BundleError where it cannot be."""

    entropy_edges: tuple[tuple[float, ...], ...]  # by exit: upper ends of all ranges but the last, nats, ascending
    shares: tuple[tuple[float, ...], ...]  # by exit: of all images, one more than edges
    images: int
    faults: tuple[tuple[float, ...], ...] = ()  # like `shares`: of a cell's answers, how many are wrong; (): not known

    def __post_init__(self) -> None:
        total = sum(map(sum, self.shares))
        known = not self.faults or (
            [len(faults) for faults in self.faults] == [len(shares) for shares in self.shares]
            and all(0.0 <= fault <= 1.0 for faults in self.faults for fault in faults)
        )
        fits = len(self.entropy_edges) == len(self.shares) and all(
            len(shares) == len(edges) + 1 and list(edges) == sorted(edges)
            for edges, shares in zip(self.entropy_edges, self.shares, strict=False)
        )
        if (
            not fits
            or not known
            or self.images < 1
            or abs(total - 1.0) > 1e-6
            or min(map(min, self.shares), default=-1.0) < 0
        ):
            raise BundleError(
                "what is expected of exits and entropies does not add up", to_do="compile the bundle again"
            )

    def to_json(self) -> dict[str, Any]:
        """The same as a JSON object."""
        return {
            "entropy_edges": [list(edges) for edges in self.entropy_edges],
            "shares": [list(shares) for shares in self.shares],
            "images": self.images,
            "faults": [list(faults) for faults in self.faults],
        }

    @classmethod
    def from_json(cls, table: dict[str, Any], where: str) -> ExpectedAnswers:
        """Read what `to_json` wrote. Raises BundleError on a missing or unreadable key."""
        try:
            return cls(
                tuple(tuple(float(edge) for edge in edges) for edges in table["entropy_edges"]),
                tuple(tuple(float(share) for share in shares) for shares in table["shares"]),
                int(table["images"]),
                tuple(tuple(float(fault) for fault in faults) for faults in table.get("faults", ())),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise BundleError(
                f"expected answers cannot be read: {error!r}", where=where, to_do="compile again"
            ) from error

    def cell(self, exit_index: int, entropy_nats: float) -> int:
        """Which cell an answer falls into, counted over all exits."""
        before = sum(len(shares) for shares in self.shares[:exit_index])
        return before + sum(entropy_nats > edge for edge in self.entropy_edges[exit_index])
