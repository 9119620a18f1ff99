from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from pathlib import Path

import onnx
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from codesign.backbones.slice import BackboneSlice
from codesign.backbones.slice_onnx import LOGITS, cut_name, slice_to_onnx
from codesign.backbones.supernet import Supernet
from codesign.exits.answers import onnx_session
from codesign.space.backbone_space import exit_positions
from codesign.space.preset import load_preset, parse_preset, parse_space, preset_names, space_to_toml
from runtime.contract.errors import ConfigError
from tests.codesign.small_networks import SPACE

TINY = (Path(__file__).resolve().parents[3] / "codesign/space/presets/tiny.toml").read_text(encoding="utf-8")


def changed(old: str, new: str) -> str:
    assert old in TINY
    return TINY.replace(old, new, 1)


def test_the_presets_are_tiny_and_attentivenas_and_each_loads_under_its_own_name() -> None:
    assert preset_names() == ("attentivenas", "tiny")
    assert [load_preset(name).space.name for name in preset_names()] == ["attentivenas", "tiny"]


def test_a_file_of_the_users_is_read_like_a_preset(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(changed('"tiny"', '"mine"'), encoding="utf-8")
    mine = load_preset(str(tmp_path / "mine.toml"))
    assert mine.space.name == "mine"
    assert replace(mine, space=load_preset("tiny").space) == load_preset("tiny")


@pytest.mark.parametrize("name", ["tiny", "attentivenas"])
def test_a_space_survives_being_written_as_toml(name: str) -> None:
    space = load_preset(name).space
    assert parse_preset(space_to_toml(space) + TINY[TINY.index("[training]") :], "written").space == space


@given(st.text(st.characters(codec="utf-8", exclude_characters="\x7f")))
def test_any_name_of_a_space_survives_being_written_as_toml(name: str) -> None:
    space = replace(SPACE, name=name)
    assert parse_space(tomllib.loads(space_to_toml(space)), "written") == space


def test_attentivenas_is_as_large_as_the_table_it_is_taken_from() -> None:
    space = load_preset("attentivenas").space
    assert space.size == 4 * 8 * 36 * 48 * 48 * 108 * 48 * 8
    assert space.size > 1e11
    assert space.largest().blocks == 2 + 5 + 6 + 6 + 8 + 8 + 2
    assert exit_positions(space, space.smallest())[0] == (2, 0)  # blocks 1 + 3 before it: the fifth layer


def test_the_smallest_attentivenas_is_a_graph_that_runs() -> None:
    space = load_preset("attentivenas").space
    design = space.smallest()
    assert design.resolution == 192
    torch.manual_seed(0)
    network = BackboneSlice(Supernet(space, 10), design).eval()
    model = slice_to_onnx(network, 192, 192, 10)
    onnx.checker.check_model(model, full_check=True)
    images = torch.randn(1, 3, 192, 192)
    cut = cut_name(2, 0)
    logits = onnx_session(model, 1).run([LOGITS], {"image": images.numpy()})[0]
    assert logits.shape == (1, 10)
    assert cut in {output for node in model.graph.node for output in node.output}


def test_an_unknown_preset_is_refused_with_those_there_are() -> None:
    with pytest.raises(ConfigError, match=r"unknown space 'huge'\n.*use one of attentivenas, tiny, or a \.toml file"):
        load_preset("huge")


def test_a_file_that_is_not_there_or_not_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no space file .*gone\.toml"):
        load_preset(str(tmp_path / "gone.toml"))
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="the space file cannot be read"):
        load_preset(str(tmp_path / "bytes.toml"))


@pytest.mark.parametrize(
    ("text", "message", "where"),
    [
        ("[space", "not TOML: ", "it"),
        (changed("[search]", "[serach]"), "unknown key 'serach'", "it"),
        (changed("[space]", "[search2]"), "unknown key 'search2'", "it"),
        (changed("[space]", "[training.old]"), r"there is no \[space\] table", "it"),
        (TINY[: TINY.index("[[stages]]")], r"there are no \[\[stages\]\] tables", "it"),
        ("stages = [3]\n" + TINY[: TINY.index("[[stages]]")], r"there are no \[\[stages\]\] tables", "it"),
        (changed("stem_width", "stem_widht"), "unknown key 'stem_widht'", r"it: \[space\]"),
        (changed("stem_width = 16\n", ""), "missing key 'stem_width'", r"it: \[space\]"),
        (changed("resolutions = [16, 24, 32]\n", ""), "missing key 'resolutions'", r"it: \[space\]"),
        (changed("[16, 24, 32]", "32"), "resolutions must be a list of whole numbers, got 32", r"it: \[space\]"),
        (changed("stem_width = 16", 'stem_width = "16"'), "stem_width must be a whole number, got '16'", "space"),
        (changed('name = "tiny"', "name = 1"), "name must be text, got 1", "space"),
        (changed("first_exit = 1", "first_exit = true"), "first_exit must be a whole number, got True", "space"),
        (changed("first_exit = 1", "first_exit = 3"), "first_exit=3 leaves no exit", r"it: \[space\]"),
        (changed("depth = [1, 2, 3]", "dephts = [1, 2, 3]"), "unknown key 'dephts'", r"it: stages\[1\]"),
        (changed("depth = [1, 2, 3]\n", ""), "missing key 'depth'", r"it: stages\[1\]"),
        (changed("[1, 2, 3]", "[1, 2.5]"), r"depth must be a list of whole numbers, got \[1, 2\.5\]", r"stages\[1\]"),
        (changed("[3, 5]", "[3, 6]"), r"stages\[1\]\.kernel must be odd, got \(3, 6\)", r"it: \[space\]"),
        (changed("stride = 2", "stride = 1.5"), r"stride must be a whole number, got 1\.5", r"stages\[0\]"),
        (TINY[: TINY.index("[training]")], "missing key", r"it: \[training\]"),
        (TINY[: TINY.index("[search]")], "missing key 'finalist_head_epochs'", r"it: \[search\]"),
        ("training = 3\n" + TINY[: TINY.index("[training]")], "this must be a table, got 3", r"it: \[training\]"),
        (changed("epochs = 16", "epochs = 0"), "epochs must be at least 1, got 0", r"it: \[training\]"),
        (changed("batch = 64", "batch = 1"), "batch must be at least 2, got 1", r"it: \[training\]"),
        (changed("random_slices = 2", "random_slices = -1"), "random_slices must be at least 0", r"it: \[training\]"),
        (changed("= 0.02", "= -0.02"), r"weight_decay must be at least 0, got -0\.02", r"it: \[training\]"),
        (changed("= 0.004", "= 0"), "learning_rate must be above 0, got 0", r"it: \[training\]"),
        (changed("= 0.004", "= nan"), "learning_rate must be above 0, got nan", r"it: \[training\]"),
        (changed("= 0.004", '= "fast"'), "learning_rate must be a number, got 'fast'", r"it: \[training\]"),
        (changed("= 0.05", "= 1"), "label_smoothing must be from 0 to below 1, got 1", r"it: \[training\]"),
        (changed('"shift-flip"', '"flip"'), "unknown augmentation 'flip'; use one of none, shift, shift-flip", "train"),
        (changed("generations = 6", "generations = 0"), "generations must be at least 1, got 0", r"it: \[search\]"),
    ],
)
def test_a_preset_with_a_mistake_is_refused_where_the_mistake_is(text: str, message: str, where: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        parse_preset(text, "it")
    assert caught.value.where is not None
    assert re.search(where, caught.value.where)
