"""codesign/commands/network_options.py"""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path

import pytest

from codesign.commands.network_options import (
    IMAGENET_MEAN,
    IMAGENET_STD,
    add_network_arguments,
    height_and_width,
    network_settings,
    three_numbers,
)
from codesign.walk.settings import Settings


def settings(*options: str) -> Settings:
    parser = ArgumentParser()
    add_network_arguments(parser)
    return Settings("digits", "tx2", **network_settings(parser.parse_args(options)))


def test_without_networks_of_ones_own_everything_is_as_by_default() -> None:
    assert settings() == Settings("digits", "tx2")
    assert (settings().mean, settings().std) == (IMAGENET_MEAN, IMAGENET_STD)


def test_what_is_given_goes_before_the_file_and_the_file_before_imagenet(tmp_path: Path) -> None:
    file = tmp_path / "seen.toml"
    file.write_text("mean = [0.5, 0.5, 0.5]\nsize = [8, 12]\n", encoding="utf-8")
    found = settings("--model", "a.onnx", "--preprocessing", str(file), "--mean", "0.1,0.2,0.3")
    assert (found.mean, found.std, found.size) == ((0.1, 0.2, 0.3), IMAGENET_STD, (8, 12))
    assert found.models == ("a.onnx",)


@pytest.mark.parametrize(("text", "found"), [("224", (224, 224)), ("12x34", (12, 34))])
def test_a_size_is_one_number_or_two(text: str, found: tuple[int, int]) -> None:
    assert height_and_width(text) == found


@pytest.mark.parametrize("text", ["", "x", "a"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match="a height and a width in pixels, like 224x224"):
        height_and_width(text)


@pytest.mark.parametrize("text", ["1,2", "1,2,3,4", "a,b,c"])
def test_what_is_not_three_numbers_is_refused(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match="three numbers with commas"):
        three_numbers(text)
