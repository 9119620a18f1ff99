"""Which backbones may be chosen: an elastic MBConv network, and the genes that pick a slice of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from runtime.contract.arrays import IntArray
from runtime.contract.errors import ConfigError

GENES_PER_STAGE = ("width", "depth", "kernel", "expansion")


@dataclass(frozen=True, slots=True)
class StageChoice:
    """One stage of a backbone: all its blocks share width, kernel and expansion."""

    width: int  # output channels
    depth: int  # blocks
    kernel: int  # of the depthwise convolution
    expansion: int  # hidden channels over input channels


@dataclass(frozen=True, slots=True)
class BackboneDesign:
    """One slice of the supernet."""

    resolution: int  # the square side the image is resized to inside the graph
    stages: tuple[StageChoice, ...]

    @property
    def blocks(self) -> int:
        """How many MBConv blocks it has."""
        return sum(stage.depth for stage in self.stages)

    def __str__(self) -> str:
        stages = ", ".join(f"{s.depth}×(w{s.width} k{s.kernel} e{s.expansion})" for s in self.stages)
        return f"MBConv at {self.resolution} px: {stages}"


@dataclass(frozen=True, slots=True)
class StageSpace:
    """The choices of one stage; all ascending, so that the last is the largest."""

    widths: tuple[int, ...]
    depths: tuple[int, ...]
    kernels: tuple[int, ...]
    expansions: tuple[int, ...]
    stride: int  # of its first block

    @property
    def choices(self) -> tuple[tuple[int, ...], ...]:
        """In the order of GENES_PER_STAGE."""
        return self.widths, self.depths, self.kernels, self.expansions


@dataclass(frozen=True)
class BackboneSpace:
    """The elastic network: stem, stages, last convolution, and the resolutions it is trained at.

    Genome: one index per gene, first the resolution, then width, depth, kernel, expansion of each stage.
    Raises ConfigError where choices are empty, not ascending, or cannot be sliced (even kernels), a size is below 1,
    or the smallest backbone has no place for an exit.
    """

    name: str
    resolutions: tuple[int, ...]
    stem_width: int
    stem_stride: int
    stages: tuple[StageSpace, ...]
    last_width: int  # channels of the 1×1 convolution before pooling
    activation: str  # relu or hardswish
    first_exit: int  # exits are offered after every block from this one on (1 = the first block)

    def __post_init__(self) -> None:
        if not self.stages:
            raise ConfigError(f"space {self.name!r} has no stages", to_do="give at least one [[stages]] table")
        for number, stage in enumerate(self.stages):
            for gene, values in zip(GENES_PER_STAGE, stage.choices, strict=True):
                if not values or list(values) != sorted(set(values)) or values[0] < 1:
                    raise ConfigError(f"stages[{number}].{gene} must be ascending positive choices, got {values}")
            if any(kernel % 2 == 0 for kernel in stage.kernels):
                raise ConfigError(f"stages[{number}].kernel must be odd, got {stage.kernels}")
            if stage.stride < 1:
                raise ConfigError(f"stages[{number}].stride must be at least 1, got {stage.stride}")
        if not self.resolutions or list(self.resolutions) != sorted(set(self.resolutions)) or self.resolutions[0] < 1:
            raise ConfigError(f"resolutions must be ascending and positive, got {self.resolutions}")
        for name in ("stem_width", "stem_stride", "last_width"):
            if (size := getattr(self, name)) < 1:
                raise ConfigError(f"{name} must be at least 1, got {size}")
        if self.activation not in ("relu", "hardswish"):
            raise ConfigError(f"unknown activation {self.activation!r}; use relu or hardswish")
        if self.first_exit < 1:
            raise ConfigError(f"first_exit counts from 1, got {self.first_exit}")
        if self.first_exit >= (fewest := sum(stage.depths[0] for stage in self.stages)):
            raise ConfigError(
                f"first_exit={self.first_exit} leaves no exit to the smallest backbone, which has {fewest} blocks",
                to_do="offer exits earlier, or give the stages more blocks",
            )

    @cached_property
    def gene_names(self) -> tuple[str, ...]:
        """`resolution`, then `stage0.width`, `stage0.depth`, …"""
        stages = (f"stage{number}.{gene}" for number in range(len(self.stages)) for gene in GENES_PER_STAGE)
        return ("resolution", *stages)

    @cached_property
    def gene_choices(self) -> tuple[tuple[int, ...], ...]:
        """The values each gene may take, in genome order."""
        return (self.resolutions, *(values for stage in self.stages for values in stage.choices))

    @property
    def size(self) -> int:
        """How many backbones there are."""
        return math.prod(len(values) for values in self.gene_choices)

    def decode(self, genome: IntArray) -> BackboneDesign:
        """The backbone of a genome of indices (genes,). Raises ConfigError on a wrong length or index."""
        if len(genome) != len(self.gene_choices):
            raise ConfigError(f"a genome of space {self.name!r} has {len(self.gene_choices)} genes, got {len(genome)}")
        for index, name, values in zip(genome, self.gene_names, self.gene_choices, strict=True):
            if not 0 <= index < len(values):
                raise ConfigError(f"gene {name} has {len(values)} choices, got index {index}")
        picked = [values[index] for index, values in zip(genome, self.gene_choices, strict=True)]
        per_stage = len(GENES_PER_STAGE)
        stages = (StageChoice(*picked[at : at + per_stage]) for at in range(1, len(picked), per_stage))
        return BackboneDesign(picked[0], tuple(stages))

    def encode(self, design: BackboneDesign) -> IntArray:
        """The genome of a backbone. Raises ConfigError where it is not in this space."""
        values = [design.resolution]
        for stage in design.stages:
            values += [stage.width, stage.depth, stage.kernel, stage.expansion]
        if len(values) != len(self.gene_choices):
            raise ConfigError(f"{design} has {len(design.stages)} stages; space {self.name!r} has {len(self.stages)}")
        for value, name, choices in zip(values, self.gene_names, self.gene_choices, strict=True):
            if value not in choices:
                raise ConfigError(f"{name}={value} is not in space {self.name!r}, which offers {choices}")
        indices = [choices.index(value) for value, choices in zip(values, self.gene_choices, strict=True)]
        return np.asarray(indices, dtype=np.int64)

    def largest(self) -> BackboneDesign:
        """Every gene at its largest."""
        return self.decode(np.asarray([len(values) - 1 for values in self.gene_choices]))

    def smallest(self) -> BackboneDesign:
        """Every gene at its smallest."""
        return self.decode(np.zeros(len(self.gene_choices), dtype=np.int64))

    def sample(self, rng: np.random.Generator) -> BackboneDesign:
        """One backbone, each gene uniform."""
        return self.decode(rng.integers([len(values) for values in self.gene_choices]))


def exit_positions(space: BackboneSpace, design: BackboneDesign) -> tuple[tuple[int, int], ...]:
    """Where a backbone may carry an exit: (stage, block within it), in order; after its last block comes its end."""
    positions = [(stage, block) for stage, choice in enumerate(design.stages) for block in range(choice.depth)]
    return tuple(positions[space.first_exit - 1 : -1])
