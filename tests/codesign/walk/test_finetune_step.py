"""codesign/walk/finetune_step.py"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from codesign.data.dataset import Dataset
from codesign.data.load import load_data
from codesign.exits.deep_head import DeepHead
from codesign.exits.user_exits import UserNetwork, user_network
from codesign.walk.finetune_step import Finetuned, Outcome, obtain_finetuned
from codesign.walk.run_folder import RunFolder
from codesign.walk.user_models import load_user_models, seen_by
from runtime.contract.errors import StorageError
from tests.codesign.small_run import write_pictures
from tests.codesign.user_networks import saved, skilled_network
from tests.codesign.walk.conftest import no_tick

PLAIN = ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))


@pytest.fixture(name="brought", scope="module")
def a_network_and_its_images(tmp_path_factory: pytest.TempPathFactory) -> tuple[UserNetwork, Dataset]:
    folder = tmp_path_factory.mktemp("pictures")
    (model,) = load_user_models([saved(skilled_network(blocks=3), folder)], None)
    return user_network(model), seen_by([model], load_data(write_pictures(folder / "p"), 0, size=16), *PLAIN)


def finetuned(brought: tuple[UserNetwork, Dataset], folder: Path, **changes: Any) -> Finetuned:
    network, data = brought
    torch.manual_seed(0)
    heads = [DeepHead(shape) for shape in network.heads.values()]
    how: dict[str, Any] = {"epochs": 1, "augment": "none", "seed": 0, "tick": no_tick} | changes
    return obtain_finetuned(network, heads, data, folder=RunFolder(folder), **how)


def test_what_was_kept_is_read_back_whatever_is_asked_now(brought: tuple[UserNetwork, Dataset], tmp_path: Path) -> None:
    first = finetuned(brought, tmp_path)
    assert not list(RunFolder(tmp_path).finalists.glob("*.pt"))
    again = finetuned(brought, tmp_path, seed=9)
    assert first.network.brought.model == again.network.brought.model
    assert first.outcome == again.outcome
    for one, other in zip(first.heads, again.heads, strict=True):
        assert all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))
    assert first.network.brought.sha256 == brought[0].brought.sha256  # of the file, which is the user's


def test_damaged_weights_are_named(brought: tuple[UserNetwork, Dataset], tmp_path: Path) -> None:
    finetuned(brought, tmp_path)
    (kept,) = RunFolder(tmp_path).finalists.glob("*-finetuned.safetensors")
    kept.write_bytes(b"damaged")
    with pytest.raises(StorageError, match=r"fine-tuned weights cannot be read(.|\n)*delete the file and run again"):
        finetuned(brought, tmp_path)


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (Outcome(1.0, 0.9, 0.91), "net: weights changed by fine-tuning; without exits it is right on 91.00% of the "),
        (Outcome(0.5, 0.9, 0.91), "weights changed by fine-tuning, held back to 50% of the way;"),
        (Outcome(0.0, 0.9, 0.9), "net: fine-tuning made it worse on new images, so its weights are as brought"),
    ],
)
def test_what_became_of_the_weights_is_said(brought: tuple[UserNetwork, Dataset], outcome: Outcome, said: str) -> None:
    network = replace(brought[0], brought=replace(brought[0].brought, name="net, fine-tuned"))
    assert said in Finetuned(network, [], outcome).sentence
