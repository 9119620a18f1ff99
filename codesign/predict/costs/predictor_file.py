"""A fitted predictor as a file: an NPZ of numbers and one line of JSON, which runs no code when it is read."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from runtime.contract.errors import DataError

from .genes import Genes
from .plain_arrays import read_plain_arrays, write_plain_arrays
from .predictor import Fitted, Predictor

FORMAT, VERSION = "edge-codesign predictor", 1
HEADER, PREFIX = "header", "fitted."
WHAT = "a predictor"
Maker = Callable[[Genes, str], Predictor]  # the genes and the name of the encoding


@dataclass(frozen=True, slots=True)
class SavedPredictor:
    """A fitted predictor, with what it takes to know what it predicts."""

    model: str
    encoding: str
    genes: Genes
    cost_unit: str  # of what it predicts: "s", "j", "bytes"
    provenance: Mapping[str, str]  # what it was fitted on: board, file, samples, seed, …
    fitted: Fitted


def write_predictor(path: Path, saved: SavedPredictor) -> None:
    """Write what `read_predictor` reads, whole or not at all. Raises StorageError where the disk refuses."""
    header = {
        "format": FORMAT,
        "version": VERSION,
        "model": saved.model,
        "encoding": saved.encoding,
        "cost_unit": saved.cost_unit,
        "provenance": dict(saved.provenance),
        "gene_names": saved.genes.names,
        "choices": saved.genes.choices,
        "gene_values": saved.genes.values,
    }
    arrays: dict[str, npt.NDArray[Any]] = {HEADER: np.array(json.dumps(header))}
    arrays |= {f"{PREFIX}{name}": array for name, array in saved.fitted.as_arrays().items()}
    write_plain_arrays(path, arrays)


def read_predictor(path: Path, makers: Mapping[str, Maker]) -> SavedPredictor:
    """Read such a file.

    Args:
        makers: the models that are known, by name.
    Raises:
        DataError: no such file, damaged, not a predictor, of another version, or its model or encoding is not known.
    """
    arrays = read_plain_arrays(path, WHAT)
    header = _header(path, arrays)
    model = _text(path, header, "model")
    if model not in makers:
        raise DataError(
            f"the predictor is of model {model!r}, which this version does not have",
            where=str(path),
            to_do=f"fit one of {', '.join(sorted(makers))}",
        )
    provenance = header.get("provenance")
    if not isinstance(provenance, dict) or not all(isinstance(value, str) for value in provenance.values()):
        raise _damaged(path, "provenance")
    genes, encoding = _genes(path, header), _text(path, header, "encoding")
    parts = {name.removeprefix(PREFIX): array for name, array in arrays.items() if name.startswith(PREFIX)}
    try:
        predictor = makers[model](genes, encoding)
    except KeyError as error:
        raise DataError(
            f"the predictor's {model!r} is of encoding {encoding!r}, which this version does not have",
            where=str(path),
            to_do="fit it again",
        ) from error
    try:
        fitted = predictor.restored(parts)
    except DataError as error:
        raise DataError(error.what, where=error.where or str(path), to_do=error.to_do) from error
    return SavedPredictor(model, encoding, genes, _text(path, header, "cost_unit"), provenance, fitted)


def _header(path: Path, arrays: Mapping[str, npt.NDArray[Any]]) -> Mapping[str, object]:
    found = arrays.get(HEADER)
    if found is None or found.ndim != 0 or found.dtype.kind != "U":
        raise DataError("not a predictor: it has no header", where=str(path), to_do=f"give {WHAT} that was saved here")
    try:
        header = json.loads(str(found))
    except json.JSONDecodeError as error:
        raise _damaged(path, "header") from error
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise DataError(
            "not a predictor: its header says otherwise", where=str(path), to_do=f"give {WHAT} that was saved here"
        )
    if header.get("version") != VERSION:
        raise DataError(
            f"a predictor of version {header.get('version')}, but this program reads version {VERSION}",
            where=str(path),
            to_do="fit it again, or read it with the program that wrote it",
        )
    return header


def _text(path: Path, header: Mapping[str, object], name: str) -> str:
    found = header.get(name)
    if not isinstance(found, str):
        raise _damaged(path, name)
    return found


def _genes(path: Path, header: Mapping[str, object]) -> Genes:
    names, choices, values = (header.get(name) for name in ("gene_names", "choices", "gene_values"))
    if not (
        isinstance(names, list)
        and isinstance(choices, list)
        and isinstance(values, list)
        and all(isinstance(name, str) for name in [*names, *choices])
        and all(isinstance(of_gene, list) and all(isinstance(value, int) for value in of_gene) for of_gene in values)
    ):
        raise _damaged(path, "genes")
    try:
        return Genes.named(names, choices, values)
    except DataError as error:
        raise _damaged(path, "genes") from error


def _damaged(path: Path, what: str) -> DataError:
    return DataError(
        f"the predictor's {what} cannot be read",
        where=str(path),
        to_do="copy the file again, or fit the predictor again",
    )
