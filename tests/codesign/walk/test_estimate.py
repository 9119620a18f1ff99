"""An estimate is multiplied out from a few timed steps; what a run would refuse at once, it refuses."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from codesign.walk import estimate as estimating
from codesign.walk.estimate import Estimate, estimate
from runtime.contract.errors import BoardError, ConfigError, DataError, InfeasibleError
from tests.codesign.walk.conftest import Parts


@pytest.fixture
def steady(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock by which the timed training takes one second."""
    clock = iter(float(second) for second in range(100))
    monkeypatch.setattr(estimating.time, "perf_counter", lambda: next(clock))


@pytest.mark.usefixtures("steady")
def test_training_time_is_that_of_a_few_batches_times_images_and_epochs(parts: Parts, tmp_path: Path) -> None:
    one, three = (estimate(replace(parts.settings, epochs=epochs), tmp_path) for epochs in (1, 3))
    images, batch = len(parts.data.train.labels), parts.preset.training.batch
    assert one.training_s == pytest.approx(images / min(images, 3 * batch))
    assert three.training_s == pytest.approx(3 * one.training_s)
    assert three.search_s == one.search_s
    assert three.total_s == three.training_s + three.search_s


@pytest.mark.usefixtures("steady")
def test_a_supernet_that_is_kept_or_taken_as_it_is_takes_no_training(parts: Parts, tmp_path: Path) -> None:
    kept = estimate(parts.settings, parts.run.cache)
    assert kept.training_s == 0.0
    assert estimate(parts.settings, tmp_path).training_s > 0.0
    (ready,) = [folder for folder in (parts.run.cache / "supernets").iterdir() if _is_of(parts, folder)]
    assert estimate(replace(parts.settings, supernet=str(ready)), tmp_path).training_s == 0.0


def _is_of(parts: Parts, folder: Path) -> bool:
    from codesign.walk.supernet_step import supernet_key

    recipe = parts.preset.training
    return folder.name == supernet_key(parts.data, parts.preset.space, recipe, recipe.epochs, 0)


@pytest.mark.usefixtures("steady")
def test_more_generations_take_longer_and_more_disk(parts: Parts, tmp_path: Path) -> None:
    few, many = (estimate(replace(parts.settings, generations=count), tmp_path) for count in (2, 20))
    assert many.search_s > few.search_s
    assert many.disk_bytes > few.disk_bytes
    assert many.memory_bytes == few.memory_bytes > 1e8


def test_nothing_is_written(parts: Parts, tmp_path: Path) -> None:
    found = estimate(parts.settings, tmp_path / "cache")
    assert isinstance(found, Estimate)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"board": "orin-nanu"}, BoardError, "unknown board"),
        ({"data": "images:/nowhere"}, DataError, "there is no folder"),
        ({"space": "huge"}, ConfigError, "unknown space"),
        ({"supernet": "/nowhere"}, ConfigError, "holds no supernet"),
        ({"max_latency_s": 1e-6}, InfeasibleError, "no design can answer within"),
        ({"requests_per_s": 9e5}, InfeasibleError, "cannot be served"),
    ],
)
def test_what_a_run_would_refuse_at_once_is_refused(
    parts: Parts, tmp_path: Path, changes: dict[str, object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        estimate(replace(parts.settings, **changes), tmp_path)  # type: ignore[arg-type]


def test_of_several_boards_the_supernet_is_trained_once() -> None:
    both = Estimate.of_boards([Estimate(10.0, 3.0, 5.0, 7.0), Estimate(0.0, 4.0, 6.0, 8.0)])
    assert both == Estimate(10.0, 7.0, 6.0, 15.0)
