"""codesign/walk/front_step.py"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from codesign.backbones.user_model import UserModel, load_user_model
from codesign.data.dataset import Dataset
from codesign.data.load import load_data
from codesign.walk.front_step import WORK_SHARE, front_sentence, obtain_front, untrained_front
from codesign.walk.run_folder import RunFolder
from codesign.walk.user_models import seen_by
from runtime.contract.errors import ConfigError, StorageError
from tests.codesign.small_run import write_pictures
from tests.codesign.user_networks import residual_network, saved, skilled_network
from tests.codesign.walk.conftest import no_tick

PLAIN = ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))


@pytest.fixture(name="brought", scope="module")
def a_network_and_its_images(tmp_path_factory: pytest.TempPathFactory) -> tuple[UserModel, Dataset]:
    folder = tmp_path_factory.mktemp("pictures")
    model = load_user_model(saved(skilled_network(blocks=3), folder, "large.onnx"))
    return model, seen_by([model], load_data(write_pictures(folder / "p"), 0, size=16), *PLAIN)


def obtained(brought: tuple[UserModel, Dataset], folder: Path, **changes: Any) -> UserModel:
    large, data = brought
    how: dict[str, Any] = {"epochs": 1, "augment": "none", "seed": 0, "tick": no_tick} | changes
    return obtain_front(large, data, folder=RunFolder(folder), **how)


def test_a_front_network_is_kept_as_onnx_and_read_back_whatever_is_asked_now(
    brought: tuple[UserModel, Dataset], tmp_path: Path
) -> None:
    first = obtained(brought, tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["front.onnx"]
    assert first.name == "large-front"
    assert (first.height, first.width, first.classes, first.layout) == (16, 16, 3, "NCHW")
    assert 0.5 * WORK_SHARE * brought[0].macs < first.macs <= WORK_SHARE * brought[0].macs
    again = obtained(brought, tmp_path, seed=9)
    assert again == first


def test_a_damaged_front_network_is_named(brought: tuple[UserModel, Dataset], tmp_path: Path) -> None:
    (tmp_path / "front.onnx").write_bytes(b"damaged")
    with pytest.raises(
        StorageError, match=r"the trained front network cannot be read: not an ONNX(.|\n)*delete the file and run again"
    ):
        obtained(brought, tmp_path)


def test_a_network_too_small_for_a_front_is_refused_before_training(
    brought: tuple[UserModel, Dataset], tmp_path: Path
) -> None:
    small = load_user_model(saved(residual_network(blocks=1, width=4), tmp_path))
    with pytest.raises(ConfigError, match="to pay it may take at most"):
        obtained((small, brought[1]), tmp_path)


def test_an_untrained_one_for_estimates_does_the_same_work(brought: tuple[UserModel, Dataset], tmp_path: Path) -> None:
    assert untrained_front(brought[0]).macs == obtained(brought, tmp_path).macs


def test_where_it_comes_from_is_said(brought: tuple[UserModel, Dataset], tmp_path: Path) -> None:
    large, data = brought
    said = front_sentence(obtained(brought, tmp_path), large, data)
    assert "large-front (" in said
    assert f"to answer as large does on the {len(data.train.labels):,} training images of {data.name}" in said
    assert "% of the test images" in said
