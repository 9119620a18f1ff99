"""codesign/walk/user_models.py"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from codesign.data.dataset import Dataset
from codesign.data.load import load_data
from codesign.exits.user_exits import user_network
from codesign.walk.run_folder import RunFolder
from codesign.walk.user_models import load_user_models, obtain_heads, seen_by, too_good_to_calibrate
from runtime.contract.errors import ConfigError, DataError, StorageError
from runtime.data.labelled import LabelledImages
from tests.codesign.small_run import write_pictures
from tests.codesign.user_networks import residual_network, saved, skilled_network
from tests.codesign.walk.conftest import no_tick

PLAIN = ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))


@pytest.fixture(name="data", scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return load_data(write_pictures(tmp_path_factory.mktemp("pictures") / "p"), 0, size=16)


def test_networks_that_disagree_are_refused(tmp_path: Path) -> None:
    one = saved(residual_network(blocks=2), tmp_path, "one.onnx")
    other = residual_network(blocks=3)
    for axis in (2, 3):
        other.graph.input[0].type.tensor_type.shape.dim[axis].dim_value = 24
    with pytest.raises(ConfigError, match=r"one and other disagree: height 16 and 24"):
        load_user_models([saved(other, tmp_path, "other.onnx"), one], None)


def test_the_same_network_twice_and_too_many_are_refused(tmp_path: Path) -> None:
    one = saved(residual_network(blocks=2), tmp_path, "one.onnx")
    with pytest.raises(ConfigError, match="the same network was given twice"):
        load_user_models([one, one], None)
    with pytest.raises(ConfigError, match="4 networks; a chain has at most 3"):
        load_user_models([one] * 4, None)


def test_images_of_another_size_or_other_classes_are_refused(data: Dataset, tmp_path: Path) -> None:
    models = load_user_models([saved(residual_network(blocks=2), tmp_path)], None)
    smaller = replace(data, train=replace(data.train, images=data.train.images[:, :8, :8]))
    with pytest.raises(DataError, match=r"the images are 8 × 8, net takes 16 × 16"):
        seen_by(models, smaller, *PLAIN)
    classes = (*data.classes, "another")
    with pytest.raises(DataError, match=r"the data has 4 classes, net answers 3"):
        seen_by(models, replace(data, train=LabelledImages(data.train.images, data.train.labels, classes)), *PLAIN)


def test_calibration_images_that_are_easier_than_new_ones_are_suspected(data: Dataset, tmp_path: Path) -> None:
    (model,) = load_user_models([saved(skilled_network(), tmp_path)], None)
    seen = seen_by([model], data, *PLAIN)
    assert too_good_to_calibrate(model, seen) is None
    wrong = np.roll(np.arange(3), 1)[seen.test.labels]
    by_heart = replace(seen, test=LabelledImages(seen.test.images, wrong, seen.classes))
    found = too_good_to_calibrate(model, by_heart)
    assert found is not None
    assert "it has probably been trained on the former" in found


def test_kept_heads_that_are_damaged_are_named(data: Dataset, tmp_path: Path) -> None:
    (model,) = load_user_models([saved(skilled_network(blocks=3), tmp_path)], None)
    seen, network, folder = seen_by([model], data, *PLAIN), user_network(model), RunFolder(tmp_path / "run")
    first = obtain_heads(network, seen, epochs=1, augment="none", seed=0, folder=folder, tick=no_tick)
    again = obtain_heads(network, seen, epochs=1, augment="none", seed=9, folder=folder, tick=no_tick)
    for one, other in zip(first, again, strict=True):
        for a, b in zip(one.state_dict().values(), other.state_dict().values(), strict=True):
            np.testing.assert_array_equal(a.numpy(), b.numpy())
    (kept,) = folder.finalists.glob("*.safetensors")
    kept.write_bytes(b"damaged")
    with pytest.raises(StorageError, match=r"trained heads cannot be read(.|\n)*to do: delete the file and run again"):
        obtain_heads(network, seen, epochs=1, augment="none", seed=0, folder=folder, tick=no_tick)
