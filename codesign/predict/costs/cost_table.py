"""A cost table: designs of one space with what each costs on every board that measured it, as an NPZ without pickles.

Members: `genome` (n, d) whole numbers; `gene_names` (d,); optionally `choices`, what the values of a gene are called;
`device_names` (k,); `latency_s` (k, n), NaN where not measured; optionally `energy_j` (k, n), `accuracy` (n,), and
`group` (n,): rows of one group are the same network.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.errors import DataError

from .genes import Genes
from .plain_arrays import read_plain_arrays, write_plain_arrays

NEEDED = ("genome", "gene_names", "device_names", "latency_s")
WHAT = "a cost table"


@dataclass(frozen=True, slots=True)
class CostTable:
    """Costs of n designs with d genes on k boards; measured, or what the table's maker put in their place."""

    genome: IntArray  # (n, d), canonical: 0 in genes of layers that a depth gene leaves out
    genes: Genes  # with the values that the table holds
    device_names: tuple[str, ...]
    latency_s: FloatArray  # (k, n); NaN: not measured
    energy_j: FloatArray | None  # (k, n); NaN: not measured
    accuracy: FloatArray | None  # (n,); NaN: not known
    group: IntArray  # (n,), from 0: rows of one group are the same network

    def device(self, name: str) -> int:
        """The row of a board. Raises DataError, naming those that are there."""
        if name not in self.device_names:
            raise DataError(
                f"board {name!r} is not in the table", to_do=f"choose one of {', '.join(sorted(self.device_names))}"
            )
        return self.device_names.index(name)


def read_cost_table(path: Path) -> CostTable:
    """Read and check such a file; nothing in it is ever unpickled.

    Raises:
        DataError: no such file or not an NPZ of plain arrays, a missing member, shapes that disagree, a cost that is
            zero, negative or infinite, a board without any cost, names that repeat, genes that never differ.
    """
    arrays = read_plain_arrays(path, WHAT)
    if missing := [name for name in NEEDED if name not in arrays]:
        raise DataError(
            f"`{missing[0]}` is missing (there are: {', '.join(sorted(arrays)) or 'none'})",
            where=str(path),
            to_do=f"{WHAT} needs {', '.join(NEEDED)}",
        )
    names, devices = (_text(path, name, arrays[name]) for name in ("gene_names", "device_names"))
    choices = _text(path, "choices", arrays["choices"]) if "choices" in arrays else ()
    genome = _genome(path, arrays["genome"], names)
    try:
        genes = Genes.named(names, choices).with_values_of(genome)
    except DataError as error:
        raise DataError(error.what, where=f"{path}: genome, gene_names, choices", to_do=error.to_do) from error
    if repeated := sorted({name for name in devices if devices.count(name) > 1}):
        raise DataError(
            f"board {repeated[0]!r} is there twice", where=f"{path}: device_names", to_do="give each a name of its own"
        )
    if not devices:
        raise DataError("no boards", where=f"{path}: device_names", to_do="name each row of `latency_s`")
    shape = (len(devices), len(genome))
    latency_s = _costs(path, "latency_s", arrays["latency_s"], shape)
    for device, of_device in zip(devices, latency_s, strict=True):
        if np.isnan(of_device).all():
            raise DataError(
                f"board {device!r} has no latency", where=f"{path}: latency_s", to_do="measure it, or leave it out"
            )
    genome = genes.canonical(genome)
    return CostTable(
        genome=genome,
        genes=genes.with_values_of(genome),
        device_names=devices,
        latency_s=latency_s,
        energy_j=_costs(path, "energy_j", arrays["energy_j"], shape) if "energy_j" in arrays else None,
        accuracy=_accuracy(path, arrays["accuracy"], len(genome)) if "accuracy" in arrays else None,
        group=_groups(path, arrays, genome),
    )


def write_cost_table(path: Path, table: CostTable) -> None:
    """Write what `read_cost_table` reads, whole or not at all. Raises StorageError where the disk refuses."""
    arrays: dict[str, npt.NDArray[Any]] = {
        "genome": table.genome,
        "gene_names": np.array(table.genes.names, dtype=np.str_),
        "device_names": np.array(table.device_names, dtype=np.str_),
        "latency_s": table.latency_s,
        "group": table.group,
    }
    if table.genes.choices:
        arrays["choices"] = np.array(table.genes.choices, dtype=np.str_)
    if table.energy_j is not None:
        arrays["energy_j"] = table.energy_j
    if table.accuracy is not None:
        arrays["accuracy"] = table.accuracy
    write_plain_arrays(path, arrays)


def _text(path: Path, name: str, array: npt.NDArray[Any]) -> tuple[str, ...]:
    if array.ndim != 1 or array.dtype.kind != "U":
        raise DataError(
            f"`{name}` must be a row of text, got {array.dtype} {array.shape}",
            where=f"{path}: {name}",
            to_do="store names as a one-dimensional array of text",
        )
    return tuple(str(one) for one in array)


def _genome(path: Path, genome: npt.NDArray[Any], names: tuple[str, ...]) -> IntArray:
    where = f"{path}: genome"
    if genome.ndim != 2 or genome.shape[1] != len(names) or not np.issubdtype(genome.dtype, np.integer):
        raise DataError(
            f"`genome` must be whole numbers (designs, {len(names)}), got {genome.dtype} {genome.shape}",
            where=where,
            to_do="write a row for each design, a column for each name in `gene_names`",
        )
    if not len(genome):
        raise DataError("no designs", where=where, to_do="write a row for each design")
    if len(genome) > 1 and (genome == genome[0]).all():
        raise DataError("no gene ever differs", where=where, to_do="a table is of designs that differ")
    return genome.astype(np.int64)


def _costs(path: Path, name: str, costs: npt.NDArray[Any], shape: tuple[int, int]) -> FloatArray:
    where = f"{path}: {name}"
    if costs.shape != shape or not np.issubdtype(costs.dtype, np.floating):
        raise DataError(
            f"`{name}` must be floats (boards, designs) = {shape}, got {costs.dtype} {costs.shape}",
            where=where,
            to_do="write a row for each board, a column for each design, NaN where nothing was measured",
        )
    wrong = np.argwhere(~np.isnan(costs) & ~((costs > 0) & (costs < np.inf)))
    if len(wrong):
        board, design = (int(index) for index in wrong[0])
        raise DataError(
            f"{costs[board, design]:g} cannot be a cost ({len(wrong)} like it)",
            where=f"{where}[{board}, {design}]",
            to_do="write a finite number above 0, or NaN where nothing was measured",
        )
    return costs.astype(np.float64)


def _accuracy(path: Path, accuracy: npt.NDArray[Any], designs: int) -> FloatArray:
    where = f"{path}: accuracy"
    if accuracy.shape != (designs,) or not np.issubdtype(accuracy.dtype, np.floating):
        raise DataError(
            f"`accuracy` must be {designs} floats, got {accuracy.dtype} {accuracy.shape}",
            where=where,
            to_do="write one share between 0 and 1 for each design, NaN where it is not known",
        )
    if (~np.isnan(accuracy) & ~((accuracy >= 0) & (accuracy <= 1))).any():
        raise DataError("an accuracy is no share", where=where, to_do="write shares between 0 and 1, not per cent")
    return accuracy.astype(np.float64)


def _groups(path: Path, arrays: Mapping[str, npt.NDArray[Any]], genome: IntArray) -> IntArray:
    """(n,): the file's groups, joined wherever genomes are identical."""
    designs = len(genome)
    identical = np.unique(genome, axis=0, return_inverse=True)[1].reshape(-1)
    if "group" not in arrays:
        return identical.astype(np.int64)
    given = arrays["group"]
    if given.shape != (designs,) or not np.issubdtype(given.dtype, np.integer):
        raise DataError(
            f"`group` must be {designs} whole numbers, got {given.dtype} {given.shape}",
            where=f"{path}: group",
            to_do="number the networks: rows with the same number are the same network",
        )
    group = np.unique(given, return_inverse=True)[1].reshape(-1)
    nodes = int(group.max()) + 1 + int(identical.max()) + 1
    links = coo_array((np.ones(designs), (group, identical + int(group.max()) + 1)), shape=(nodes, nodes))
    joined = connected_components(links, directed=False)[1]
    return np.unique(joined[group], return_inverse=True)[1].reshape(-1).astype(np.int64)
