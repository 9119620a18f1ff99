"""`edge-runtime run`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from runtime.engine.bundle import open_bundle
from tests.runtime.commands.conftest import Outcome
from tests.tiny_cascade import random_images

Call = Callable[..., Outcome]


def test_what_is_found_is_what_the_engine_answers(call: Call, bundle: Path, labelled: Path) -> None:
    call("install", bundle)
    outcome = call("run", "--data", labelled, "--json")
    assert outcome.status == 0
    table = outcome.json()
    answers = open_bundle(bundle).infer_batch(random_images(20, seed=4))
    right = sum(answer.class_index == i % 5 for i, answer in enumerate(answers))
    assert table["found"]["accuracy"]["value"] == right / 20
    assert table["found"]["exit_counts"] == [sum(answer.exit_index == k for answer in answers) for k in range(4)]
    assert table["found"]["latency_p99_s"]["kind"] == "measured"
    assert "ONNX Runtime" in table["found"]["latency_p99_s"]["on"]
    assert table["found"]["energy_j"]["kind"] == "simulated"
    assert table["found"]["energy_j"]["on"] == "simulated test board, board rail"
    assert table["expected"]["energy_j"]["value"] == 0.004
    assert table["mode"] == "balanced"


def test_the_table_can_be_read(call: Call, bundle: Path, labelled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    call("install", bundle)
    outcome = call("run", "--data", labelled)
    assert outcome.status == 0
    for text in (
        "accuracy",
        "n = 20",
        "99th percentile",
        "leave at exit 3",
        "simulated",
        "measured here",
        " ms",
        " mJ",
    ):
        assert text in outcome.out
    assert "energy, mean" in outcome.out


def test_mode_and_limit_are_heeded(call: Call, bundle: Path, labelled: Path) -> None:
    call("install", bundle)
    table = call("run", "--data", labelled, "--mode", "thorough", "--limit", "7", "--json").json()
    assert table["mode"] == "thorough"
    assert table["found"]["exit_counts"] == [0, 0, 0, 7]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--limit", "0"], "--limit 0 leaves no image to replay"),
        (["--mode", "turbo"], "the bundle has no mode 'turbo'"),
        (["--threads", "0"], "cannot run on 0 threads"),
    ],
)
def test_wrong_options_are_told(call: Call, bundle: Path, labelled: Path, arguments: list[str], complaint: str) -> None:
    call("install", bundle)
    outcome = call("run", "--data", labelled, *arguments)
    assert outcome.status == 2
    assert complaint in outcome.err


def test_nothing_installed_is_an_error(call: Call, labelled: Path) -> None:
    outcome = call("run", "--data", labelled)
    assert outcome.status == 2
    assert "is not a bundle" in outcome.err


def test_images_of_another_size_are_an_error(call: Call, bundle: Path, tmp_path: Path) -> None:
    call("install", bundle)
    np.savez(tmp_path / "big.npz", images=np.zeros((2, 9, 9, 3), np.uint8), labels=np.zeros(2, np.int64))
    outcome = call("run", "--data", tmp_path / "big.npz")
    assert outcome.status == 2
    assert "Traceback" not in outcome.err


def test_a_missing_data_file_is_an_error(call: Call, bundle: Path, tmp_path: Path) -> None:
    call("install", bundle)
    outcome = call("run", "--data", tmp_path / "absent.npz")
    assert outcome.status == 2
    assert "absent.npz" in outcome.err
