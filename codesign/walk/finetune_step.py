"""A user's network fine-tuned with its exits, once per run: trained, held back where needed, kept, and told about."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file

from codesign.data.dataset import Dataset
from codesign.exits.best_epoch import judged_on
from codesign.exits.deep_head import DeepHead
from codesign.exits.finetune_guard import full_right, hold_back
from codesign.exits.joint_training import train_jointly
from codesign.exits.trainable_exits import TrainableExits, trainable
from codesign.exits.user_exits import UserNetwork
from runtime.contract.errors import StorageError

from .progress import Tick
from .run_folder import DAMAGED, RunFolder, whole_file

CHANGED = ", fine-tuned"  # after the name of a network whose weights changed
OUTCOME = "outcome"  # its key in the metadata of the kept weights


@dataclass(frozen=True, slots=True)
class Outcome:
    """What fine-tuning made of the network alone, without exits."""

    share: float  # of the way from the network as it was brought that it was allowed to go; 0: not changed
    accuracy_before: float  # on `test`, which decided nothing
    accuracy: float


@dataclass(frozen=True, slots=True)
class Finetuned:
    """A network with weights of its own from here on."""

    network: UserNetwork
    heads: list[DeepHead]
    outcome: Outcome

    @property
    def sentence(self) -> str:
        """What happened to the user's weights, for the report."""
        name, found = self.network.brought.name.removesuffix(CHANGED), self.outcome
        if found.share == 0.0:
            return f"{name}: fine-tuning made it worse on new images, so its weights are as brought"
        way = "" if found.share == 1.0 else f", held back to {found.share:.0%} of the way"
        accuracies = f"{found.accuracy:.2%} of the test images, as it was brought on {found.accuracy_before:.2%}"
        return f"{name}: weights changed by fine-tuning{way}; without exits it is right on {accuracies}"


def obtain_finetuned(
    network: UserNetwork,
    heads: list[DeepHead],
    data: Dataset,
    *,
    epochs: int,
    augment: str,
    seed: int,
    folder: RunFolder,
    tick: Tick,
) -> Finetuned:
    """The network and its heads trained together, or as they were kept in the run folder.

    Raises:
        ConfigError: a network that cannot be trained; says which node.
        StorageError: kept weights are damaged, or cannot be written.
    """
    start = trainable(network, heads)
    tuned = deepcopy(start)
    stem = f"{network.brought.sha256[:16]}-finetuned"
    kept = folder.finalists / f"{stem}.safetensors"
    if kept.is_file():
        outcome = _read(kept, tuned)
    else:
        train, unfinished = data.train, folder.finalists / f"{stem}.pt"
        train_jointly(
            tuned,
            train.images,
            train.labels,
            data.input,
            epochs=epochs,
            augment=augment,
            seed=seed,
            progress=tick,
            state_file=unfinished,
            judge=judged_on(start, data.select, data.input),
        )
        share = hold_back(network, start, tuned, data.select, data.input)
        before, after = (full_right(network, module, data.test, data.input).mean() for module in (start, tuned))
        outcome = Outcome(share, float(before), float(after))
        _write(kept, tuned, outcome)
        unfinished.unlink(missing_ok=True)
    changed, trained = tuned.eval().written_into(network)
    if outcome.share > 0.0:
        changed = replace(changed, brought=replace(changed.brought, name=network.brought.name + CHANGED))
    return Finetuned(changed, trained, outcome)


def _write(kept: Path, tuned: TrainableExits, outcome: Outcome) -> None:
    weights = {name: value.contiguous() for name, value in tuned.state_dict().items()}
    with whole_file(kept) as file:
        save_file(weights, file, {OUTCOME: json.dumps(asdict(outcome))})


def _read(kept: Path, tuned: TrainableExits) -> Outcome:
    """Put the kept weights into `tuned`."""
    try:
        tuned.load_state_dict(load_file(kept))
        with safe_open(str(kept), "pt") as file:
            return Outcome(**json.loads(file.metadata()[OUTCOME]))
    except (*DAMAGED, SafetensorError, RuntimeError, KeyError, TypeError) as error:
        raise StorageError(
            f"fine-tuned weights cannot be read: {error}", where=str(kept), to_do="delete the file and run again"
        ) from error
