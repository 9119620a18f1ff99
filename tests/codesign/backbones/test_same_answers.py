"""codesign/backbones/same_answers.py"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from codesign.backbones.same_answers import check_same_answers
from runtime.contract.errors import ConfigError
from tests.codesign.user_networks import SIDE, model_of, residual_network

IMAGE = (3, SIDE, SIDE)


def times(factor: float, *, image: tuple[str | int, ...] = ("n", *IMAGE)) -> Any:
    return model_of([("Mul", ["x", "f"], ["scores"], {})], {"f": np.asarray(factor, dtype=np.float32)}, image=image)


def test_the_same_network_passes_whatever_batch_it_was_written_for() -> None:
    check_same_answers(residual_network(), residual_network(), IMAGE, 0)
    check_same_answers(times(2.0, image=(4, *IMAGE)), times(2.0), IMAGE, 4)


def test_another_answer_is_refused() -> None:
    with pytest.raises(ConfigError, match="the network answers differently once its batch is open"):
        check_same_answers(times(2.0), times(2.01), IMAGE, 0)


def test_images_that_mix_are_refused() -> None:
    mixing = model_of([("ReduceMean", ["x"], ["m"], {"axes": [0]}), ("Sub", ["x", "m"], ["scores"], {})], {})
    with pytest.raises(ConfigError, match="depends on the other images of its batch"):
        check_same_answers(mixing, mixing, IMAGE, 0)


def test_answers_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(ConfigError, match="something that is not a number"):
        check_same_answers(times(np.nan), times(np.nan), IMAGE, 0)


def test_what_the_engine_cannot_run_is_refused() -> None:
    broken = model_of([("MatMul", ["x", "w"], ["scores"], {})], {"w": np.ones((5, 5), dtype=np.float32)})
    with pytest.raises(ConfigError, match=r"ONNX Runtime cannot run the network as it was brought(.|\n)*to do: export"):
        check_same_answers(broken, times(1.0), IMAGE, 0)
