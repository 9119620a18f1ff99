"""What every exit of trained networks answers on images they have never seen, calibration and test in one pool.

From a run folder of `codesign compile --model …`, whose heads are kept, or from an NPZ file per network.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from codesign.backbones.user_model import UserModel, load_user_model
from codesign.data.dataset import Dataset
from codesign.data.load import load_data
from codesign.exits.answers import answers
from codesign.exits.exited_backbone import ExitedBackbone
from codesign.exits.trainable_exits import worth_training
from codesign.exits.user_exits import UserNetwork, exited, user_network
from codesign.policy.averaging import NONE, averaged_log
from codesign.search.backbone_record import BackboneRecord
from codesign.search.chain_works import BackboneWorks
from codesign.walk.finetune_step import obtain_finetuned
from codesign.walk.run_folder import RUN, RunFolder
from codesign.walk.settings import Settings
from codesign.walk.user_models import load_user_models, obtain_heads, seen_by
from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.cost import StageWork
from runtime.contract.exit_score import ENTROPY
from runtime.contract.work import NO_WORK, Work


@dataclass(frozen=True, slots=True)
class PooledAnswers:
    """One network's answers and work, in multiply-accumulates."""

    name: str
    logits: FloatArray  # (exits + 1, samples, classes), the network's own last
    labels: IntArray  # (samples,)
    segment_macs: FloatArray  # (exits + 1,)
    head_macs: FloatArray  # (exits,)

    @property
    def macs(self) -> float:
        """Of the network without exits."""
        return float(self.segment_macs.sum())

    @property
    def full_accuracy(self) -> float:
        """Of the network's own answer."""
        return float((self.logits[-1].argmax(axis=1) == self.labels).mean())

    def without_exits(self) -> PooledAnswers:
        """The network as it was brought."""
        return PooledAnswers(self.name, self.logits[-1:], self.labels, np.asarray([self.macs]), np.zeros(0))

    def record(self, number: int, images: IntArray, score: str = ENTROPY) -> BackboneRecord:
        """The network as the search sees it, its answers those on some of the images, unsure by this score."""
        segments = tuple((Work(macs=float(macs)),) for macs in self.segment_macs)
        heads = (*(Work(macs=float(macs)) for macs in self.head_macs), NO_WORK)
        log = averaged_log(self.logits[:, images], self.labels[images], 0, NONE, score)
        return BackboneRecord((number,), BackboneWorks(segments, heads), StageWork((Work(macs=self.macs),)), log)


def answers_in(file: Path) -> PooledAnswers:
    """Answers kept in an NPZ: `calibration`, `test` (exits + 1, n, classes), their labels `…_y`, `seg` and `hm`."""
    with np.load(file) as arrays:
        return PooledAnswers(
            file.stem,
            np.concatenate([arrays["calibration"], arrays["test"]], axis=1),
            np.concatenate([arrays["calibration_y"], arrays["test_y"]]).astype(np.int64),
            arrays["seg"].astype(np.float64),
            arrays["hm"].astype(np.float64),
        )


def answers_of_run(run: Path, cache: Path) -> tuple[list[PooledAnswers], PooledAnswers | None]:
    """The networks of a run folder, cheapest first, each asked once and then kept as an NPZ in `cache`.

    With them, where they were fine-tuned, the largest one as it was brought.
    """
    settings = Settings.from_json(json.loads((run / RUN).read_text(encoding="utf-8"))["settings"])
    models = load_user_models([Path(name) for name in settings.models], settings.size)
    if settings.front is not None:
        models = (load_user_model(RunFolder(run).front, settings.size), *models)
    suffix = "-finetuned" if settings.finetune else ""
    files = [cache / f"{model.name}-{model.sha256[:16]}{suffix}.npz" for model in models]
    as_brought = cache / f"{models[-1].name}-{models[-1].sha256[:16]}-as-brought.npz"
    if not all(file.is_file() for file in (*files, *([as_brought] if settings.finetune else []))):
        data = load_data(settings.data, settings.seed, calibration=settings.calibration)
        data = seen_by(models, data, settings.mean, settings.std)
        for model, file in zip(models, files, strict=True):
            _keep(_kept_by(RunFolder(run), model, data, settings), data, file)
        if settings.finetune:
            _keep(exited(UserNetwork(models[-1], {}), []), data, as_brought)
    return [answers_in(file) for file in files], answers_in(as_brought) if settings.finetune else None


def _kept_by(folder: RunFolder, model: UserModel, data: Dataset, settings: Settings) -> ExitedBackbone:
    """A network with the heads that a finished run left."""
    if not (folder.finalists / f"{model.sha256[:16]}.safetensors").is_file():
        raise SystemExit(f"{folder.path} has no trained heads of {model.name}; let `codesign compile` finish first")
    network = worth_training(user_network(model)) if settings.finetune else user_network(model)
    heads = obtain_heads(network, data, epochs=0, augment="none", seed=0, folder=folder, tick=_nothing)
    if not settings.finetune:
        return exited(network, heads)
    if not (folder.finalists / f"{model.sha256[:16]}-finetuned.safetensors").is_file():
        raise SystemExit(
            f"{folder.path} has no fine-tuned weights of {model.name}; let `codesign compile` finish first"
        )
    found = obtain_finetuned(network, heads, data, epochs=0, augment="none", seed=0, folder=folder, tick=_nothing)
    return exited(found.network, found.heads)


def _nothing(_done: int, _of: int, _note: str) -> None:
    """Nothing is trained, so nothing is told."""


def _keep(asked: ExitedBackbone, data: Dataset, file: Path) -> None:
    """What a network answers on images that it has not seen, and its work."""
    kept = {
        "seg": np.asarray([sum(block.macs for block in segment) for segment in asked.segments]),
        "hm": np.asarray([head.macs for head in asked.heads]),
    }
    parts = {"calibration": (data.select, data.certify), "test": (data.test,)}
    for name, splits in parts.items():
        told = [answers(asked.model, asked.outputs, split.images, data.input).logits for split in splits]
        kept[name] = np.concatenate(told, axis=1)
        kept[f"{name}_y"] = np.concatenate([split.labels for split in splits])
    np.savez(file, **kept)


def checked(networks: Sequence[PooledAnswers]) -> list[PooledAnswers]:
    """The same, cheapest first, once all have answered the same images."""
    if any(not np.array_equal(network.labels, networks[0].labels) for network in networks):
        raise SystemExit("the networks have answered different images, or in another order")
    return sorted(networks, key=lambda network: network.macs)
