from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from codesign.backbones.training_state import TrainingState
from runtime.contract.errors import StorageError


def state(path: Path | None, seed: int = 0, width: int = 4) -> TrainingState:
    torch.manual_seed(seed)
    network = nn.Linear(width, 2)
    optimiser = torch.optim.AdamW(network.parameters(), lr=0.1)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=0.1, total_steps=20)
    return TrainingState(network, optimiser, schedule, path)


def step(of: TrainingState) -> torch.Tensor:
    of.optimiser.zero_grad()
    loss: torch.Tensor = of.network(torch.ones(3, 4)).square().sum()
    torch.autograd.backward(loss)
    of.optimiser.step()
    of.schedule.step()
    return loss.detach()


def test_what_was_kept_goes_on_as_if_nothing_had_happened(tmp_path: Path) -> None:
    first = state(tmp_path / "in" / "a" / "folder" / "state.pt")
    for _ in range(3):
        step(first)
    first.keep(3)
    second = state(first.path, seed=9)
    assert second.restored_epochs() == 3
    assert [step(second).item() for _ in range(4)] == [step(first).item() for _ in range(4)]
    assert second.schedule.get_last_lr() == first.schedule.get_last_lr()


def test_without_a_kept_state_training_begins_at_the_beginning(tmp_path: Path) -> None:
    assert state(None).restored_epochs() == 0
    assert state(tmp_path / "none.pt").restored_epochs() == 0


def test_without_a_file_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    state(None).keep(1)
    state(None).forget()
    assert list(tmp_path.iterdir()) == []


def test_a_finished_training_leaves_no_state(tmp_path: Path) -> None:
    kept = state(tmp_path / "state.pt")
    kept.keep(1)
    assert [path.name for path in tmp_path.iterdir()] == ["state.pt"]
    kept.forget()
    kept.forget()
    assert list(tmp_path.iterdir()) == []


def test_a_write_that_fails_keeps_the_state_before_and_is_told(tmp_path: Path) -> None:
    kept = state(tmp_path / "state.pt")
    kept.keep(1)
    (tmp_path / "state.unfinished").mkdir()
    with pytest.raises(StorageError, match="the state of the training cannot be kept"):
        kept.keep(2)
    assert kept.restored_epochs() == 1


@pytest.mark.parametrize("damage", ["cut in half", "empty", "garbage", "another network", "another file", "no epochs"])
def test_a_damaged_state_is_refused_and_named(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "state.pt"
    kept = state(path, width=5 if damage == "another network" else 4)
    kept.keep(1)
    if damage == "cut in half":
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    elif damage in ("empty", "garbage"):
        path.write_bytes(b"" if damage == "empty" else b"garbage")
    elif damage == "another file":
        torch.save(torch.zeros(3), path)
    elif damage == "no epochs":
        torch.save({key: value for key, value in torch.load(path).items() if key != "epochs"}, path)
    with pytest.raises(
        StorageError, match=r"a half-finished training cannot be read: [\s\S]*delete this file"
    ) as caught:
        state(path).restored_epochs()
    assert caught.value.where == str(path)
