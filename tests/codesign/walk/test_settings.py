"""Options that cannot be meant are refused, each by its name."""

from __future__ import annotations

import json
import math
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from codesign.space.preset import load_preset
from codesign.walk.settings import LATER, Settings, budgeted
from runtime.contract.errors import ConfigError


def settings(**changes: Any) -> Settings:
    return Settings(**({"data": "digits", "board": "tx2"} | changes))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"device": "npu"}, "unknown device 'npu'; use gpu or cpu"),
        ({"requests_per_s": 0.0}, "--request-rate must be above 0 per second, got 0.0"),
        ({"requests_per_s": -1.0}, "--request-rate"),
        ({"requests_per_s": math.nan}, "--request-rate"),
        ({"requests_per_s": math.inf}, "--request-rate"),
        ({"max_accuracy_loss": -0.01}, "--max-accuracy-loss is a share between 0 and 1"),
        ({"max_accuracy_loss": 1.0}, "one percentage point is 0.01"),
        ({"max_accuracy_loss": math.nan}, "--max-accuracy-loss"),
        ({"max_latency_s": 0.0}, "--max-latency-ms must be a number above 0, got 0"),
        ({"max_latency_s": math.inf}, "--max-latency-ms must be a number above 0, got inf"),
        ({"max_latency_s": math.nan}, "--max-latency-ms"),
        ({"epochs": 0}, "--epochs must be at least 1, got 0"),
        ({"population": 3}, "--population must be at least 4, got 3"),
        ({"generations": 0}, "--generations must be at least 1, got 0"),
        ({"augment": "mirror"}, "unknown augmentation 'mirror'"),
        ({"epsilon": 0.0}, "--epsilon is a share between 0 and 1, got 0.0"),
        ({"delta": 1.0}, "--delta is a share between 0 and 1, got 1.0"),
        ({"models": ("a.onnx",), "supernet": "folder"}, "--model and --supernet exclude each other"),
        ({"std": (1.0, 0.0, 1.0)}, "--mean and --std need three numbers each, std above 0"),
        ({"mean": (1.0,)}, "--mean and --std need three numbers each"),
        ({"mean": (0.0, math.nan, 0.0)}, "--mean and --std need three numbers each"),
        ({"size": (0, 32)}, "--size must be at least one pixel each way, got 0x32"),
        ({"layout": "CHW"}, "unknown layout 'CHW'; use NCHW or NHWC"),
        ({"finetune": True}, "--finetune is for networks of your own(.|\\n)*with --model"),
        ({"models": ("a.onnx",), "finetune_epochs": 0}, "--finetune-epochs must be at least 1, got 0"),
        ({"front": "prune"}, "unknown front 'prune'; use distil"),
        ({"front": "distil"}, "--front is for one network of your own, 0 were given"),
        ({"models": ("a.onnx", "b.onnx"), "front": "distil"}, "2 were given(.|\\n)*several networks make a chain"),
        ({"models": ("a.onnx",), "front_epochs": 0}, "--front-epochs must be at least 1, got 0"),
        ({"head_epochs": 0}, "--head-epochs must be at least 1, got 0"),
        ({"precision": "int4"}, "unknown precision 'int4'; use one of fp32, fp16, int8, mixed"),
        ({"precision_change": -0.1}, "--precision-change is a share between 0 and 1, got -0.1"),
        ({"precision_change": math.nan}, "one answer in a hundred is 0.01"),
        ({"foresee": True, "strategy": "random"}, "--foresee is for the house engine, not for --strategy random"),
        ({"models": ("a.onnx",), "strategy": "random"}, "--strategy and --leave-out are for a search among backbones"),
        ({"models": ("a.onnx",), "left_out_genes": ("kernel=5",)}, "every chain is solved(.|\\n)*leave them out"),
        ({"seed": -1}, "--seed must be from 0 to 4294967294, got -1"),
        ({"seed": 2**32 - 1}, "--seed must be from 0"),
    ],
)
def test_a_value_that_cannot_be_meant_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        settings(**changes)


@pytest.mark.parametrize(
    "changes",
    [{}, {"max_accuracy_loss": 0.0}, {"max_latency_s": 1e-9}, {"population": 4, "generations": 1, "epochs": 1},
     {"seed": 2**32 - 2}, {"size": (24, 32), "layout": "NHWC"}, {"requests_per_s": 0.001},
     {"precision": "mixed", "precision_change": 0.02}, {"models": ("a.onnx",), "front": "distil", "front_epochs": 3}],
)  # fmt: skip
def test_settings_survive_json(changes: dict[str, Any]) -> None:
    made = settings(**changes)
    assert Settings.from_json(json.loads(json.dumps(made.to_json(), allow_nan=False))) == made


def test_runs_that_do_not_use_a_later_option_are_written_as_before() -> None:
    assert "precision" not in settings().to_json()
    assert settings(precision="int8").to_json()["precision"] == "int8"
    assert set(LATER) <= {field.name for field in fields(Settings)}
    assert not LATER.keys() & settings().to_json().keys()


@pytest.mark.parametrize(
    ("data", "augment", "expected"),
    [
        ("digits", None, "shift"),
        ("cifar10:x", None, "shift-flip"),
        ("images:x", "none", "none"),
        ("digits", "shift-flip", "shift-flip"),
    ],
)
def test_digits_are_not_mirrored_unless_asked_for(data: str, augment: str | None, expected: str) -> None:
    assert settings(data=data, augment=augment).augmentation == expected


def test_a_checkpoint_is_a_path_only_where_one_was_given() -> None:
    assert settings().checkpoint is None
    assert settings(supernet="here/it/is").checkpoint == Path("here/it/is")


def test_what_was_asked_for_replaces_the_presets_own_and_nothing_else() -> None:
    preset = load_preset("tiny")
    found = budgeted(preset, settings(population=9, generations=2, augment="none"))
    assert (found.search.population, found.search.generations, found.training.augment) == (9, 2, "none")
    assert found.space == preset.space
    assert found.search.finalists == preset.search.finalists
    assert found.training.epochs == preset.training.epochs
    untouched = budgeted(preset, settings())
    assert untouched.search == preset.search


@pytest.mark.parametrize("other", [{"models": ("a.onnx",)}, {"precision": "int8"}])
def test_a_predictor_is_for_backbones_of_a_supernet_in_fp32(other: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="--predictor is for backbones of a supernet in FP32"):
        Settings("digits", "orin-nano", predictor="fit", **other)


def test_fewer_than_no_backbones_cannot_be_measured() -> None:
    with pytest.raises(ConfigError, match="--measure-uncertain must be at least 0, got -1"):
        Settings("digits", "orin-nano", measure_uncertain=-1)
