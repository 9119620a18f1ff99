from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest

from codesign.space.chain_file import chain_names, load_chain_space, parse_chain_space
from runtime.contract.errors import ConfigError

RESNET = (resources.files("codesign.space") / "chains/resnet.toml").read_text(encoding="utf-8")


def changed(old: str, new: str) -> str:
    assert old in RESNET
    return RESNET.replace(old, new, 1)


def test_the_three_spaces_of_esm_come_along_and_load_under_their_own_names() -> None:
    assert chain_names() == ("densenet", "mobilenetv3", "resnet")
    assert [load_chain_space(name).name for name in chain_names()] == list(chain_names())


@pytest.mark.parametrize(("name", "units", "kernels"), [("resnet", 4, 3), ("mobilenetv3", 4, 3), ("densenet", 5, 5)])
def test_they_have_the_units_and_kernels_of_table_1(name: str, units: int, kernels: int) -> None:
    space = load_chain_space(name)
    assert (len(space.units), len(space.kernels), space.blocks) == (units, kernels, (1, 7))


def test_a_file_of_the_users_is_read_like_one_of_them(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(changed('"resnet"', '"mine"'), encoding="utf-8")
    assert load_chain_space(str(tmp_path / "mine.toml")).name == "mine"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nonsense", "not TOML"),
        ("", r"one \[space\] table"),
        (changed("[[units]]", "[extra]\n[[units]]"), "nothing else"),
        (RESNET[: RESNET.index("[[units]]")], r"there are no \[\[units\]\]"),
        (changed("classes", "klasses"), "unknown key 'klasses'"),
        (changed("classes = 100\n", ""), "missing key 'classes'"),
        (changed("\nwidth = 24", "\nwide = 24"), "unknown key 'wide'"),
        (changed("classes = 100", "classes = true"), "classes must be a whole number"),
        (changed("kernel_per_unit = false", "kernel_per_unit = 0"), "kernel_per_unit must be true or false"),
        (changed("kernels = [3, 5, 7]", 'kernels = ["3"]'), "kernels must be a list of whole numbers"),
        (changed("kernels = [3, 5, 7]", "kernels = [4]"), "kernels must be odd"),
    ],
)
def test_a_file_that_is_wrong_is_refused_by_what_is_wrong(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        parse_chain_space(text, "mine.toml")
    assert "mine.toml" in str(caught.value)


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"use densenet, mobilenetv3, resnet, or a \.toml file"):
        load_chain_space("vgg")


def test_a_file_that_is_not_there_is_said_to_be() -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_chain_space("nowhere.toml")
