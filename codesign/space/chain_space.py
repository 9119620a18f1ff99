"""Networks of a fixed macro-architecture: units of up to so many blocks, each block with its own kernel and expansion.

The spaces of ESM's Table I (DAC 2025) are such: ResNet-, MobileNetV3- and DenseNet-like. A genome holds the kernel of
every possible block, then the expansion of every possible block (where blocks have one), then the depth of every unit;
genes of a block that is absent are 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from runtime.contract.arrays import IntArray
from runtime.contract.errors import ConfigError

BOTTLENECK, INVERTED, DENSE = "bottleneck", "inverted", "dense"
BLOCKS = (BOTTLENECK, INVERTED, DENSE)
EXPANSION_UNIT = 6  # expansions are written in sixths of the full hidden width: 1/2, 2/3 and 1 are 3, 4 and 6
ABSENT = 0


@dataclass(frozen=True, slots=True)
class ChainUnit:
    """One unit. `width`: channels that leave each block (bottleneck, inverted), or that each block adds (dense)."""

    width: int
    stride: int  # of its first block; of the transition before it where blocks are dense


@dataclass(frozen=True, slots=True)
class BlockChoice:
    """One block. `expansion` is None where blocks have none."""

    kernel: int
    expansion: int | None


@dataclass(frozen=True)
class ChainSpace:
    """Which networks there are.

    Raises ConfigError on choices that are empty, not ascending or cannot be built (even kernels), or a size below 1.
    """

    name: str
    block: str  # bottleneck (ResNet), inverted (MobileNetV3) or dense (DenseNet)
    side: int  # of the square image
    stem_width: int
    stem_stride: int
    blocks: tuple[int, int]  # fewest and most in a unit
    kernels: tuple[int, ...]
    expansions: tuple[int, ...]  # in sixths; empty where blocks are dense
    kernel_per_unit: bool  # all blocks of a unit share their kernel
    classes: int
    units: tuple[ChainUnit, ...]

    def __post_init__(self) -> None:
        if self.block not in BLOCKS:
            raise ConfigError(f"unknown block {self.block!r}", to_do=f"use one of {', '.join(BLOCKS)}")
        if not self.units:
            raise ConfigError(f"space {self.name!r} has no units", to_do="give at least one [[units]] table")
        if len(self.blocks) != 2 or not 1 <= self.blocks[0] <= self.blocks[1]:
            raise ConfigError(f"blocks must be the fewest and the most of a unit, got {self.blocks}")
        for name in ("kernels", "expansions"):
            values: tuple[int, ...] = getattr(self, name)
            if list(values) != sorted(set(values)) or (values and values[0] < 1):
                raise ConfigError(f"{name} must be ascending positive choices, got {values}")
        if not self.kernels or any(kernel % 2 == 0 for kernel in self.kernels):
            raise ConfigError(f"kernels must be odd, and at least one, got {self.kernels}")
        if bool(self.expansions) == (self.block == DENSE):
            raise ConfigError(f"{self.block} blocks take {'no' if self.block == DENSE else 'some'} expansions")
        for name in ("side", "stem_width", "stem_stride", "classes"):
            if (size := getattr(self, name)) < 1:
                raise ConfigError(f"{name} must be at least 1, got {size}")
        for number, unit in enumerate(self.units):
            if unit.width < 1 or unit.stride < 1:
                raise ConfigError(f"units[{number}]: width and stride must be at least 1, got {unit}")

    @cached_property
    def gene_names(self) -> tuple[str, ...]:
        """`kernel_0` …, `expand_0` …, `depth_0` …: blocks numbered through all units."""
        slots = range(len(self.units) * self.blocks[1])
        expansions = [f"expand_{slot}" for slot in slots if self.expansions]
        return (*(f"kernel_{s}" for s in slots), *expansions, *(f"depth_{u}" for u in range(len(self.units))))

    @cached_property
    def gene_values(self) -> tuple[tuple[int, ...], ...]:
        """Per gene the values it can take, ascending; 0 where the block may be absent."""
        fewest, most = self.blocks
        absent = [(ABSENT,) if slot % most >= fewest else () for slot in range(len(self.units) * most)]
        kernels = [(*none, *self.kernels) for none in absent]
        expansions = [(*none, *self.expansions) for none in absent if self.expansions]
        return (*kernels, *expansions, *(tuple(range(fewest, most + 1)) for _ in self.units))

    @property
    def depths(self) -> tuple[int, int]:
        """Fewest and most blocks of a network."""
        return len(self.units) * self.blocks[0], len(self.units) * self.blocks[1]

    @property
    def size(self) -> int:
        """How many networks there are."""
        per_block = len(self.kernels) * max(1, len(self.expansions))
        choices = range(self.blocks[0], self.blocks[1] + 1)
        if self.kernel_per_unit:
            one = sum(len(self.kernels) * max(1, len(self.expansions)) ** depth for depth in choices)
        else:
            one = sum(per_block**depth for depth in choices)
        return int(one ** len(self.units))

    def depth(self, designs: IntArray) -> IntArray:
        """Blocks of each network, (n,), from genomes (n, genes)."""
        total: IntArray = designs[:, -len(self.units) :].sum(axis=1)
        return total

    def decode(self, genome: IntArray) -> tuple[tuple[BlockChoice, ...], ...]:
        """The blocks of each unit.

        Raises:
            ConfigError: a wrong length, or a gene that this space does not offer.
        """
        if genome.shape != (len(self.gene_names),):
            raise ConfigError(f"a genome of space {self.name!r} has {len(self.gene_names)} genes, got {genome.shape}")
        most, slots = self.blocks[1], len(self.units) * self.blocks[1]
        units = []
        for unit, depth in enumerate(int(gene) for gene in genome[-len(self.units) :]):
            if not self.blocks[0] <= depth <= most:
                raise ConfigError(f"depth_{unit}={depth} is not in space {self.name!r}: {self.blocks[0]} to {most}")
            found = []
            for slot in range(unit * most, (unit + 1) * most):
                kernel = int(genome[slot])
                expansion = int(genome[slots + slot]) if self.expansions else None
                present = slot < unit * most + depth
                self._check(f"kernel_{slot}", kernel, self.kernels if present else (ABSENT,))
                if expansion is not None:
                    self._check(f"expand_{slot}", expansion, self.expansions if present else (ABSENT,))
                if present:
                    found.append(BlockChoice(kernel, expansion))
            if self.kernel_per_unit and len({block.kernel for block in found}) > 1:
                raise ConfigError(f"unit {unit} mixes kernels; in space {self.name!r} its blocks share one")
            units.append(tuple(found))
        return tuple(units)

    def encode(self, units: tuple[tuple[BlockChoice, ...], ...]) -> IntArray:
        """The genome of a network. Raises ConfigError where it is not in this space."""
        most, slots = self.blocks[1], len(self.units) * self.blocks[1]
        if len(units) != len(self.units) or any(len(blocks) > most for blocks in units):
            raise ConfigError(f"space {self.name!r} has {len(self.units)} units of at most {most} blocks")
        genome = np.full(len(self.gene_names), ABSENT, dtype=np.int64)
        for unit, blocks in enumerate(units):
            genome[len(genome) - len(self.units) + unit] = len(blocks)
            for place, block in enumerate(blocks):
                genome[unit * most + place] = block.kernel
                if block.expansion is not None and self.expansions:
                    genome[slots + unit * most + place] = block.expansion
        self.decode(genome)
        return genome

    def _check(self, gene: str, value: int, offered: tuple[int, ...]) -> None:
        if value not in offered:
            raise ConfigError(f"{gene}={value} is not in space {self.name!r}, which offers {offered} there")
