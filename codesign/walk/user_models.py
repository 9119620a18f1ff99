"""The networks a user brought, as the walk sees backbones: loaded, checked on the data, given heads, asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from codesign.backbones.user_model import UserModel, load_user_model
from codesign.data.dataset import Dataset
from codesign.exits.answers import answers
from codesign.exits.deep_head import DeepHead
from codesign.exits.exited_backbone import ExitedBackbone
from codesign.exits.user_exits import UserNetwork
from codesign.exits.user_head_training import train_user_heads
from codesign.search.backbone_record import Genome
from codesign.search.chain_solver import ChainSolver
from codesign.search.ledger import Chain, ChainResult
from runtime.contract.errors import ConfigError, DataError, StorageError
from runtime.contract.exit_score import ENTROPY
from runtime.contract.tensor_spec import TensorSpec
from runtime.data.labelled import LabelledImages

from .evaluate import log_of, record_of
from .progress import Tick
from .run_folder import DAMAGED, RunFolder
from .search_step import Finalist

MAX_CHAIN = 3
CHANCE_MARGIN = 2.0  # a network under this many times chance sees images it was not made for
KNOWN_BY_HEART = 0.02, 3.0  # points, and standard errors, by which `select` must not be easier than `test`


@dataclass(frozen=True, slots=True)
class UserBackbones:
    """Answers for genomes, which here are numbers of networks in the order of their work."""

    networks: tuple[UserNetwork, ...]
    exited_networks: tuple[ExitedBackbone, ...]
    data: Dataset
    folder: RunFolder
    score: str = ENTROPY  # of how unsure their answers are

    def design(self, genome: Genome) -> str:
        """The name of the user's file."""
        return self.networks[genome[0]].brought.name

    def exited(self, genome: Genome) -> ExitedBackbone:
        """The network with its heads."""
        return self.exited_networks[genome[0]]


def load_user_models(
    files: Sequence[Path], size: tuple[int, int] | None, layout: str | None = None
) -> tuple[UserModel, ...]:
    """The networks of a chain, cheapest first.

    Raises:
        ConfigError: a network that cannot be used, two that disagree about images or classes, too many, or one twice.
    """
    models = sorted((load_user_model(file, size, layout) for file in files), key=lambda model: model.macs)
    if len(models) > MAX_CHAIN:
        raise ConfigError(
            f"{len(models)} networks; a chain has at most {MAX_CHAIN}", to_do="give the ones that differ most in work"
        )
    for model in models[1:]:
        for what in ("height", "width", "classes"):
            if getattr(model, what) != getattr(models[0], what):
                raise ConfigError(
                    f"{models[0].name} and {model.name} disagree: {what} {getattr(models[0], what)} and "
                    f"{getattr(model, what)}",
                    to_do="give networks for the same images and the same classes in the same order",
                )
        if model.layout != models[0].layout:
            raise ConfigError(
                f"{models[0].name} takes {models[0].layout}, {model.name} {model.layout}",
                to_do="export both with the same layout",
            )
    if len({model.sha256 for model in models}) < len(models):
        raise ConfigError("the same network was given twice", to_do="give each network once")
    return tuple(models)


def seen_by(models: Sequence[UserModel], data: Dataset, mean: Sequence[float], std: Sequence[float]) -> Dataset:
    """The data as these networks want to see it.

    Raises:
        DataError: other images or another number of classes than the networks are for.
    """
    model = models[0]
    spec = TensorSpec(model.height, model.width, tuple(mean), tuple(std), model.layout)
    height, width = data.train.images.shape[1:3]
    if (height, width) != (model.height, model.width):
        raise DataError(
            f"the images are {height} × {width}, {model.name} takes {model.height} × {model.width}",
            where=f"--data {data.name}",
            to_do="resize the images, or export the network for their size",
        )
    if len(data.classes) != model.classes:
        raise DataError(
            f"the data has {len(data.classes)} classes, {model.name} answers {model.classes}",
            where=f"--data {data.name}",
            to_do="give images of the classes that the network was trained on, in the order of its logits",
        )
    return replace(data, input=spec)


def obtain_heads(
    network: UserNetwork, data: Dataset, *, epochs: int, augment: str, seed: int, folder: RunFolder, tick: Tick
) -> list[DeepHead]:
    """Trained heads of one network; kept in the run folder. Raises StorageError where kept ones are damaged."""
    kept = folder.finalists / f"{network.brought.sha256[:16]}.safetensors"
    if kept.is_file():
        heads = [DeepHead(shape) for shape in network.heads.values()]
        try:
            weights = load_file(kept)
            for number, head in enumerate(heads):
                prefix = f"{number}."
                own = {name[len(prefix) :]: value for name, value in weights.items() if name.startswith(prefix)}
                head.load_state_dict(own)
        except (*DAMAGED, SafetensorError, RuntimeError) as error:
            raise StorageError(
                f"trained heads cannot be read: {error}", where=str(kept), to_do="delete the file and run again"
            ) from error
        return heads
    train = data.train
    heads = train_user_heads(
        network, train.images, train.labels, data.input, epochs=epochs, augment=augment, seed=seed, progress=tick
    )
    kept.parent.mkdir(parents=True, exist_ok=True)
    save_file({f"{k}.{name}": value for k, head in enumerate(heads) for name, value in head.state_dict().items()}, kept)
    return heads


def check_seen_as_trained(model: UserModel, data: Dataset) -> None:
    """Raise DataError where a network answers hardly better than chance: wrong preprocessing, or other classes."""
    images = LabelledImages(data.select.images[:500], data.select.labels[:500], data.classes)
    accuracy = float((_predictions(model, images, data.input) == images.labels).mean())
    if accuracy < CHANCE_MARGIN / model.classes and accuracy < 0.5 + 0.5 / model.classes:
        raise DataError(
            f"{model.name} is right on {accuracy:.1%} of the images, chance is {1 / model.classes:.1%}",
            where=f"--data {data.name}",
            to_do="give the preprocessing it was trained with (--mean, --std of images scaled to 0-1), and check that "
            "classes come in the order of its logits",
        )


def too_good_to_calibrate(model: UserModel, data: Dataset) -> str | None:
    """A warning where `select` is easier for the network than `test`, as images are that it was trained on.

    None where nothing speaks against taking thresholds and a certificate from `select` and `certify`.
    """
    right = {
        name: _predictions(model, split, data.input) == split.labels
        for name, split in (("select", data.select), ("test", data.test))
    }
    accuracies = {name: float(found.mean()) for name, found in right.items()}
    noise = float(np.sqrt(sum(a * (1 - a) / len(right[name]) for name, a in accuracies.items())))
    points, errors = KNOWN_BY_HEART
    excess = accuracies["select"] - accuracies["test"]
    if excess <= max(points, errors * noise):
        return None
    return (
        f"{model.name} is right on {accuracies['select']:.1%} of the calibration images and on "
        f"{accuracies['test']:.1%} of the test images: it has probably been trained on the former. Thresholds from "
        "them are too bold, and nothing is certified; give images it has never seen with --calibration."
    )


def finalists_of(backbones: UserBackbones) -> dict[Genome, Finalist]:
    """Every network with its heads, asked on `select`."""
    found: dict[Genome, Finalist] = {}
    for number, network in enumerate(backbones.exited_networks):
        select = backbones.data.select
        told = answers(network.model, network.outputs, select.images, backbones.data.input)
        record = record_of((number,), network, log_of(told, select, backbones.score))
        found[record.genome] = Finalist(record, network, told.logits)
    return found


def solve_chains(finalists: Sequence[Finalist], solver: ChainSolver) -> list[ChainResult]:
    """Every network alone, with and without exits, and every chain of them from cheap to dear."""
    records = [finalist.record for finalist in finalists]
    chains: list[Chain] = [chain for count in range(1, len(records) + 1) for chain in combinations(records, count)]
    results = [ChainResult(chain, solver(chain)) for chain in chains]
    return results + [ChainResult((record,), solver.without_exits((record,))) for record in records]


def _predictions(
    model: UserModel, images: LabelledImages, spec: TensorSpec
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    found: np.ndarray[tuple[int], np.dtype[np.int64]] = answers(
        model.model, ("logits",), images.images, spec
    ).predictions[0]
    return found
