"""How a mode bears corrupted images: the optional `robustness` key of `results.json`."""

from __future__ import annotations

from dataclasses import dataclass

from .reading import Node


@dataclass(frozen=True, slots=True)
class RobustnessRow:
    """One corruption at one strength; `clean` is the images as they are."""

    corruption: str
    strength: float
    accuracy: float
    full_accuracy: float
    harm: float
    exit_shares: tuple[float, ...]
    energy_j: float

    @property
    def loss(self) -> float:
        """Of the policy against the full network, on the same corrupted images."""
        return self.full_accuracy - self.accuracy

    @property
    def full_depth_share(self) -> float:
        """Of images that ran to the end."""
        return self.exit_shares[-1]


@dataclass(frozen=True, slots=True)
class Robustness:
    """All of one mode."""

    mode: str
    images: int
    rows: tuple[RobustnessRow, ...]
    full_depth_energy_j: float
    static_energy_j: float

    @property
    def worst_over_static(self) -> float:
        """What inputs that force everybody to full depth cost, over the full network alone at the same clocks."""
        return self.full_depth_energy_j / self.static_energy_j


def robustness_from(node: Node) -> Robustness:
    """Read and check it. Raises ConfigError, naming the path."""
    return Robustness(
        mode=node.at("mode").text(),
        images=node.at("images").count(),
        rows=tuple(_row(row) for row in node.at("rows").items()),
        full_depth_energy_j=node.at("full_depth_energy_j").above_zero(),
        static_energy_j=node.at("static_energy_j").above_zero(),
    )


def _row(node: Node) -> RobustnessRow:
    shares = tuple(share.fraction() for share in node.at("exit_shares").items())
    if not shares:
        raise node.at("exit_shares").wrong("a share for every exit")
    return RobustnessRow(
        corruption=node.at("corruption").text(),
        strength=node.at("strength").number(),
        accuracy=node.at("accuracy").fraction(),
        full_accuracy=node.at("full_accuracy").fraction(),
        harm=node.at("harm").fraction(),
        exit_shares=shares,
        energy_j=node.at("energy_j").above_zero(),
    )
