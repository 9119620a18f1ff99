"""A learnt optimiser as an NPZ of plain arrays, and back."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from codesign.predict.costs.design_index import design_index
from codesign.predict.costs.genes import Genes
from codesign.predict.costs.plain_arrays import read_plain_arrays, write_plain_arrays
from codesign.predict.encodings.one_hot import one_hot
from runtime.contract.errors import DataError

from .board_features import BoardFeatures
from .learning_to_optimise import LearntOptimiser
from .network import Network
from .optimiser_network import OptimiserNetwork
from .performance import Ensemble, Performance

VERSION = 1
WHAT = "a learnt optimiser"
Arrays = Mapping[str, npt.NDArray[Any]]


def write_learnt_optimiser(path: Path, optimiser: LearntOptimiser) -> None:
    """Write what `read_learnt_optimiser` reads. Raises StorageError where the disk refuses."""
    performance, genes = optimiser.performance, optimiser.performance.encoding.genes
    arrays: dict[str, npt.NDArray[Any]] = {
        "version": np.array(VERSION),
        "gene_names": np.array(genes.names, dtype=np.str_),
        "choices": np.array(genes.choices, dtype=np.str_),
        "value_counts": np.array([len(values) for values in genes.values]),
        "values": np.concatenate([np.array(values, dtype=np.int64) for values in genes.values]),
        "labelled": performance.labelled.designs,
        "log_costs": performance.log_costs,
        "known": performance.known_accuracy.designs,
        "accuracy": performance.accuracy,
        "anchors": optimiser.anchors,
        "features": optimiser.boards.features,
        "log_scale": optimiser.boards.log_scale,
        "by_anchors": np.array(optimiser.by_anchors),
        "library": optimiser.library,
    }
    for name, ensemble in (("costs", performance.costs), ("accuracies", performance.accuracies)):
        arrays |= {
            f"{name}/mean": ensemble.mean,
            f"{name}/spread": ensemble.spread,
            f"{name}/error": np.array(ensemble.error),
        }
        for place, member in enumerate(ensemble.members):
            arrays |= _network_arrays(member, f"{name}/{place}")
    for place, one in enumerate(optimiser.networks):
        arrays |= _network_arrays(one.network, f"optimiser/{place}")
    write_plain_arrays(path, arrays)


def read_learnt_optimiser(path: Path) -> LearntOptimiser:
    """Read such a file; nothing in it is unpickled.

    Raises:
        DataError: no such file, damaged, of another version, or an array is missing or of another shape.
    """
    arrays = read_plain_arrays(path, WHAT)
    try:
        version = int(arrays["version"])
        if version != VERSION:
            raise DataError(
                f"{WHAT} of version {version}, this program reads {VERSION}", where=str(path), to_do="learn it anew"
            )
        return _restored(arrays)
    except (KeyError, ValueError, IndexError, TypeError) as error:
        raise DataError(f"not {WHAT}: {error}", where=str(path), to_do="learn it anew") from error


def _restored(arrays: Arrays) -> LearntOptimiser:
    ends = np.cumsum(arrays["value_counts"])[:-1]
    values = [[int(one) for one in part] for part in np.split(arrays["values"], ends)]
    genes = Genes.named([str(name) for name in arrays["gene_names"]], [str(name) for name in arrays["choices"]], values)
    performance = Performance(
        encoding=one_hot(genes),
        labelled=design_index(arrays["labelled"]),
        log_costs=arrays["log_costs"],
        costs=_ensemble(arrays, "costs"),
        known_accuracy=design_index(arrays["known"]),
        accuracy=arrays["accuracy"],
        accuracies=_ensemble(arrays, "accuracies"),
    )
    networks = tuple(OptimiserNetwork(network, genes.values) for network in _networks(arrays, "optimiser"))
    boards = BoardFeatures(arrays["features"], arrays["log_scale"])
    logits = sum(len(of_gene) for of_gene in values)
    fits = (
        len(networks) > 0
        and all(one.network.biases[-1].shape == (logits,) for one in networks)
        and all(len(one.network.weights[0]) == boards.features.shape[1] + 1 for one in networks)
        and performance.log_costs.shape == (len(arrays["labelled"]), len(boards.features))
        and performance.accuracy.shape == (len(arrays["known"]),)
    )
    if not fits:
        raise ValueError("arrays of shapes that disagree")
    return LearntOptimiser(
        performance, networks, arrays["anchors"], boards, bool(arrays["by_anchors"]), arrays["library"]
    )


def _network_arrays(network: Network, name: str) -> dict[str, npt.NDArray[Any]]:
    kinds = (("weight", network.weights), ("bias", network.biases))
    return {f"{name}/{kind}/{place}": array for kind, parts in kinds for place, array in enumerate(parts)}


def _networks(arrays: Arrays, name: str) -> tuple[Network, ...]:
    found: list[Network] = []
    while f"{name}/{len(found)}/weight/0" in arrays:
        start = f"{name}/{len(found)}"
        layers = sum(key.startswith(f"{start}/weight/") for key in arrays)
        found.append(
            Network(
                tuple(arrays[f"{start}/weight/{layer}"] for layer in range(layers)),
                tuple(arrays[f"{start}/bias/{layer}"] for layer in range(layers)),
            )
        )
    return tuple(found)


def _ensemble(arrays: Arrays, name: str) -> Ensemble:
    members = _networks(arrays, name)
    if not members:
        raise ValueError(f"no networks `{name}`")
    return Ensemble(members, arrays[f"{name}/mean"], arrays[f"{name}/spread"], float(arrays[f"{name}/error"]))
