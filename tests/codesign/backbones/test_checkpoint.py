from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from codesign.backbones.checkpoint import (
    DESCRIPTION,
    WEIGHTS,
    SupernetDescription,
    load_supernet,
    load_weights,
    read_description,
    save_supernet,
    save_weights,
    with_new_classes,
)
from codesign.backbones.layout import channels_last
from codesign.backbones.supernet import Supernet
from runtime.contract.errors import ConfigError, StorageError
from tests.codesign.small_networks import SPACE, random_batch, small_supernet

NAMES = ("Käse", 'a "quoted" \\ name', "猫 🐈")
DESCRIBED = SupernetDescription(SPACE, NAMES, trained_on="toy 🐈 (0123)", recipe="abc-def")


def saved(folder: Path) -> Supernet:
    supernet = channels_last(small_supernet())
    save_supernet(supernet, DESCRIBED, folder)
    return supernet


def test_a_checkpoint_loads_as_the_same_network_with_the_same_description(tmp_path: Path) -> None:
    supernet = saved(tmp_path / "deep" / "down")
    loaded, description = load_supernet(tmp_path / "deep" / "down")
    assert description == DESCRIBED
    assert loaded.state_dict().keys() == supernet.state_dict().keys()
    assert all(torch.equal(a, b) for a, b in zip(supernet.parameters(), loaded.parameters(), strict=True))
    assert loaded.stem.weight.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(loaded(random_batch(), SPACE.largest()), supernet(random_batch(), SPACE.largest()))


def test_a_checkpoint_is_two_files_and_nothing_is_left_beside_them(tmp_path: Path) -> None:
    saved(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([WEIGHTS, DESCRIPTION])


def test_saving_over_a_checkpoint_never_leaves_the_old_description_with_new_weights(tmp_path: Path) -> None:
    saved(tmp_path)
    (tmp_path / "weights.unfinished").mkdir()  # the weights cannot be written
    with pytest.raises(StorageError, match="the weights cannot be written"):
        save_supernet(small_supernet(1), replace(DESCRIBED, recipe="new"), tmp_path)
    with pytest.raises(ConfigError, match="holds no supernet"):
        read_description(tmp_path)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match="the supernet cannot be written"):
        save_supernet(small_supernet(), DESCRIBED, tmp_path / "file" / "folder")


def test_a_folder_without_a_description_holds_no_supernet(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"holds no supernet: it has no supernet\.toml\n  to do: give the folder that"
    ):
        load_supernet(tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text.replace("[space]", "[space"), "the checkpoint's description cannot be read"),
        (lambda text: text.replace("recipe =", "recpie ="), "the checkpoint's description lacks 'recipe'"),
        (lambda text: text.replace("trained_on =", "on ="), "the checkpoint's description lacks 'trained_on'"),
        (lambda text: "classes = 3\n" + text[text.index("trained_on") :], "classes must be a list of names, got 3"),
        (
            lambda text: "classes = []\n" + text[text.index("trained_on") :],
            r"classes must be a list of names, got \[\]",
        ),
        (lambda text: text.replace("stem_width =", "width ="), "unknown key 'width'"),
    ],
)
def test_a_garbled_description_is_refused(tmp_path: Path, change: Callable[[str], str], message: str) -> None:
    saved(tmp_path)
    path = tmp_path / DESCRIPTION
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
    with pytest.raises(ConfigError, match=message) as caught:
        load_supernet(tmp_path)
    assert str(path) in str(caught.value.where)


def test_a_description_that_is_not_text_is_refused(tmp_path: Path) -> None:
    saved(tmp_path)
    (tmp_path / DESCRIPTION).write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="the checkpoint's description cannot be read"):
        read_description(tmp_path)


def test_damaged_weights_are_refused(tmp_path: Path) -> None:
    saved(tmp_path)
    content = (tmp_path / WEIGHTS).read_bytes()
    for damaged in (content[: len(content) // 2], b"", b"not weights"):
        (tmp_path / WEIGHTS).write_bytes(damaged)
        with pytest.raises(ConfigError, match=r"the weights cannot be read: [\s\S]*to do: train the supernet again"):
            load_supernet(tmp_path)


def test_missing_weights_are_told(tmp_path: Path) -> None:
    saved(tmp_path)
    (tmp_path / WEIGHTS).unlink()
    with pytest.raises(ConfigError, match="the weights cannot be read"):
        load_supernet(tmp_path)


def test_weights_of_another_space_are_refused(tmp_path: Path) -> None:
    saved(tmp_path)
    wider = Supernet(replace(SPACE, last_width=24), len(NAMES))
    with pytest.raises(ConfigError, match=r"the weights are of another network: size mismatch for classifier\.weight"):
        load_weights(wider, tmp_path / WEIGHTS)


def test_weights_that_lack_a_tensor_are_refused(tmp_path: Path) -> None:
    saved(tmp_path)
    tensors = load_file(tmp_path / WEIGHTS)
    del tensors["stem.weight"]
    save_file(tensors, tmp_path / WEIGHTS)
    with pytest.raises(ConfigError, match=r"the weights are of another network: Missing key.*stem\.weight"):
        load_supernet(tmp_path)


def test_weights_are_saved_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    save_weights(small_supernet(), path)
    before = path.read_bytes()
    (tmp_path / "w.unfinished").mkdir()
    with pytest.raises(StorageError, match="the weights cannot be written"):
        save_weights(small_supernet(1), path)
    assert path.read_bytes() == before


def test_other_classes_keep_the_features_and_get_a_fresh_classifier_from_their_seed() -> None:
    supernet = small_supernet()
    other, again, differently = (with_new_classes(supernet, 5, seed) for seed in (4, 4, 5))
    assert other.classes == 5
    assert torch.equal(other.classifier.weight, again.classifier.weight)
    assert not torch.equal(other.classifier.weight, differently.classifier.weight)
    features, logits = other.features(random_batch(), SPACE.largest())
    assert logits.shape == (8, 5)
    for position, tensor in supernet.features(random_batch(), SPACE.largest())[0].items():
        torch.testing.assert_close(features[position], tensor, rtol=1e-4, atol=1e-4)  # another memory layout


def test_the_description_is_toml_that_people_can_read(tmp_path: Path) -> None:
    saved(tmp_path)
    table = tomllib.loads((tmp_path / DESCRIPTION).read_text(encoding="utf-8"))
    assert tuple(table["classes"]) == NAMES
    assert table["space"]["resolutions"] == [12, 16]
