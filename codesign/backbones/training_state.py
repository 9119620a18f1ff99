"""Where a training stands after an epoch, so that an interrupted one goes on from there."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from runtime.contract.errors import StorageError

# What torch raises on a file that is damaged, truncated, no archive at all, or holds something else.
UNREADABLE = (
    OSError, EOFError, RuntimeError, pickle.UnpicklingError, LookupError, ValueError, TypeError, AttributeError
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class TrainingState:
    """What a training changes, and the file it is kept in; None where nothing is kept."""

    network: nn.Module
    optimiser: Optimizer
    schedule: LRScheduler
    path: Path | None

    def restored_epochs(self) -> int:
        """Take up a kept state; returns how many epochs it had finished. Raises StorageError where it is damaged."""
        if self.path is None or not self.path.is_file():
            return 0
        try:
            kept = torch.load(self.path, weights_only=True)
            self.network.load_state_dict(kept["network"])
            self.optimiser.load_state_dict(kept["optimiser"])
            self.schedule.load_state_dict(kept["schedule"])
            return int(kept["epochs"])
        except UNREADABLE as error:
            raise StorageError(
                f"a half-finished training cannot be read: {error}",
                where=str(self.path),
                to_do="delete this file to train from the start",
            ) from error

    def keep(self, epochs: int) -> None:
        """Write the state after `epochs` epochs, whole or not at all. Raises StorageError where the disk refuses."""
        if self.path is None:
            return
        unfinished = self.path.with_suffix(".unfinished")
        state = {
            "epochs": epochs,
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "schedule": self.schedule.state_dict(),
        }
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            torch.save(state, unfinished)
            unfinished.replace(self.path)
        except (OSError, RuntimeError) as error:  # RuntimeError: how torch reports a full disk
            raise StorageError(
                f"the state of the training cannot be kept: {error}",
                where=str(self.path),
                to_do="free space, or choose another cache folder",
            ) from error

    def forget(self) -> None:
        """The training is over."""
        if self.path is not None:
            self.path.unlink(missing_ok=True)
