"""The front network of a run: trained once to answer as the user's large one does, kept as ONNX, and told about."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import onnx
import torch

from codesign.backbones.front_network import FrontNetwork, front_shape, front_to_onnx
from codesign.backbones.slice_onnx import LOGITS
from codesign.backbones.user_model import UserModel, load_user_model
from codesign.data.dataset import Dataset
from codesign.exits.answers import answers
from codesign.exits.front_training import train_front
from runtime.contract.errors import ConfigError, StorageError

from .progress import Tick
from .run_folder import RunFolder, whole_file

WORK_SHARE = 1 / 6  # of the large network's: less answers too few images, more costs too much on all others


def new_front(large: UserModel, seed: int) -> FrontNetwork:
    """An untrained front network for the images and classes of `large`.

    Raises:
        ConfigError: `large` does so little work that nothing small enough can stand before it.
    """
    torch.manual_seed(seed)
    return FrontNetwork(front_shape(large.height, large.width, large.classes, WORK_SHARE * large.macs))


def obtain_front(
    large: UserModel, data: Dataset, *, epochs: int, augment: str, seed: int, folder: RunFolder, tick: Tick
) -> UserModel:
    """The trained front network, or the one that was kept in the run folder.

    Raises:
        ConfigError: see `new_front`.
        StorageError: a kept network or a half-finished training is damaged, or they cannot be written.
    """
    kept, unfinished = folder.front, folder.front.with_suffix(".pt")
    if not kept.is_file():
        front, train = new_front(large, seed), data.train
        train_front(
            front,
            large,
            train.images,
            train.labels,
            data.input,
            epochs=epochs,
            augment=augment,
            seed=seed,
            progress=tick,
            state_file=unfinished,
        )
        with whole_file(kept) as file:
            onnx.save(front_to_onnx(front, large.layout), str(file))
        unfinished.unlink(missing_ok=True)
    try:
        return _named(kept, large)
    except ConfigError as error:
        raise StorageError(
            f"the trained front network cannot be read: {error.what}",
            where=str(kept),
            to_do="delete the file and run again",
        ) from error


def untrained_front(large: UserModel) -> UserModel:
    """A front network that knows nothing yet, for estimates. Raises ConfigError as `new_front` does."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "front.onnx"
        onnx.save(front_to_onnx(new_front(large, 0).eval(), large.layout), str(file))
        return _named(file, large)


def front_sentence(front: UserModel, large: UserModel, data: Dataset) -> str:
    """What the front network is and where it comes from, for the report; its accuracy is measured on `test`."""
    told = answers(front.model, (LOGITS,), data.test.images, data.input).predictions[0]
    accuracy = float((told == data.test.labels).mean())
    return (
        f"{front.name} ({front.macs / 1e6:.1f} M multiply-accumulates) was trained here to answer as {large.name} does "
        f"on the {len(data.train.labels):,} training images of {data.name}, varied and mixed; alone it is right on "
        f"{accuracy:.2%} of the test images."
    )


def _named(file: Path, large: UserModel) -> UserModel:
    front = load_user_model(file, (large.height, large.width), large.layout)
    return replace(front, name=f"{large.name}-front")
