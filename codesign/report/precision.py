"""The number format a run was deployed in, and what that alone did: the optional `precision` key of the results."""

from __future__ import annotations

from dataclasses import dataclass

from runtime.contract.kind import Kind

from .quantities import energy_text, percent_text
from .reading import Node


@dataclass(frozen=True, slots=True)
class Alone:
    """The full network without exits, in one format, at its own best clocks."""

    accuracy: float
    energy_j: float


@dataclass(frozen=True, slots=True)
class Precision:
    """What is deployed, and the full network in FP32 and in that."""

    shown: str
    split: str
    energy_kind: Kind
    fp32: Alone
    deployed: Alone

    def sentence(self, digits: int) -> str:
        """For the first screen: losses count against FP32, savings against the same format."""
        return (
            f"Everything compared here computes in {self.shown}, but losses count against the full network in FP32. "
            f"The format alone takes that from {percent_text(self.fp32.accuracy, digits)} to "
            f"{percent_text(self.deployed.accuracy, digits)} on {self.split} (measured) and from "
            f"{energy_text(self.fp32.energy_j)} to {energy_text(self.deployed.energy_j)} ({self.energy_kind.value}), "
            "before any exit."
        )


def precision_from(node: Node) -> Precision:
    """Read and check it. Raises ConfigError, naming the path."""
    full = node.at("full_network")
    return Precision(
        shown=node.at("shown").text(),
        split=full.at("split").text(),
        energy_kind=full.at("energy_kind").kind(),
        fp32=_alone(full.at("fp32")),
        deployed=_alone(full.at("deployed")),
    )


def _alone(node: Node) -> Alone:
    return Alone(node.at("accuracy").fraction(), node.at("energy_j").above_zero())
