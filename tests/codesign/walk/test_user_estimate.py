"""codesign/walk/user_estimate.py"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from codesign.walk import user_estimate
from codesign.walk.estimate import estimate
from codesign.walk.settings import Settings
from runtime.contract.errors import ConfigError
from tests.codesign.small_run import write_pictures
from tests.codesign.user_networks import saved, skilled_network

PLAIN_MEAN, PLAIN_STD = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)


@pytest.fixture(name="settings", scope="module")
def a_users_run(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("estimate")
    data = write_pictures(folder / "pictures")
    model = saved(skilled_network(blocks=3), folder)
    return Settings(data, "tx2", device="cpu", models=(str(model),), mean=PLAIN_MEAN, std=PLAIN_STD)


def test_training_time_is_that_of_a_few_batches_times_images_and_epochs(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = iter(float(second) for second in range(100))
    monkeypatch.setattr(user_estimate.time, "perf_counter", lambda: next(ticks))
    one, three = (estimate(replace(settings, head_epochs=epochs), tmp_path) for epochs in (1, 3))
    assert one.training_s > 0.0
    assert three.training_s == pytest.approx(3 * one.training_s)
    assert one.memory_bytes == three.memory_bytes > 1e8
    assert not list(tmp_path.iterdir())


def test_fine_tuning_adds_its_own_epochs(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter(float(second) for second in range(100))
    monkeypatch.setattr(user_estimate.time, "perf_counter", lambda: next(ticks))
    without = estimate(settings, tmp_path).training_s
    one, three = (
        estimate(replace(settings, finetune=True, finetune_epochs=epochs), tmp_path).training_s for epochs in (1, 3)
    )
    assert one > without
    assert three - without == pytest.approx(3 * (one - without))


def test_a_front_network_adds_its_own_epochs_and_its_heads(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = iter(float(second) for second in range(100))
    monkeypatch.setattr(user_estimate.time, "perf_counter", lambda: next(ticks))
    without = estimate(settings, tmp_path).training_s
    one, two, three = (
        estimate(replace(settings, front="distil", front_epochs=epochs), tmp_path).training_s for epochs in (1, 2, 3)
    )
    assert one > without
    assert three - two == pytest.approx(two - one)
    assert one - without > two - one  # the heads


def test_what_a_run_would_refuse_at_once_is_refused(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        estimate(replace(settings, models=(str(tmp_path / "absent.onnx"),)), tmp_path)
