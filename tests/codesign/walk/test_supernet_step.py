"""A supernet is trained once per data, space, recipe and seed; a ready one is fine-tuned, or taken as it is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from codesign.backbones.checkpoint import read_description
from codesign.data.load import load_data
from codesign.walk import supernet_step
from codesign.walk.supernet_step import kept_supernet, obtain_supernet, plan, supernet_key, trained_on
from runtime.contract.errors import ConfigError
from tests.codesign.small_run import write_pictures
from tests.codesign.walk.conftest import Parts, no_tick


def checkpoint(parts: Parts) -> Path:
    """The supernet that the small run trained."""
    recipe = parts.preset.training
    return kept_supernet(parts.run.cache, supernet_key(parts.data, parts.preset.space, recipe, recipe.epochs, 0))


def test_the_key_changes_with_all_that_decides_the_weights(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    data, space, recipe = parts.data, parts.preset.space, parts.preset.training
    keys = [
        supernet_key(data, space, recipe, 2, 0),
        supernet_key(replace(data, fingerprint="other"), space, recipe, 2, 0),
        supernet_key(data, replace(space, stem_width=4), recipe, 2, 0),
        supernet_key(data, space, replace(recipe, learning_rate=0.02), 2, 0),
        supernet_key(data, space, replace(recipe, augment="shift"), 2, 0),
        supernet_key(data, space, recipe, 3, 0),
        supernet_key(data, space, recipe, 2, 1),
    ]
    monkeypatch.setattr(torch, "__version__", "9.9")
    keys.append(supernet_key(data, space, recipe, 2, 0))
    assert len(set(keys)) == len(keys)
    assert supernet_key(data, space, recipe, 2, 0) == keys[-1]


def test_what_was_trained_is_taken_from_the_cache_and_says_no_word_of_it_to_the_bundle(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supernet_step, "train_supernet", lambda *_: pytest.fail("trained again"))
    found = obtain_supernet(
        parts.data, parts.preset, checkpoint=None, epochs=None, seed=0, cache=parts.run.cache, tick=no_tick
    )
    assert found.was_kept
    assert found.kept == checkpoint(parts).name
    assert found.origin == "trained here for 2 epochs"
    notes = parts.run.results["data"]["notes"]
    assert f"Supernet: {found.origin}." in notes  # of the run that trained it


def test_a_checkpoint_of_this_very_data_is_taken_as_it_is(parts: Parts, tmp_path: Path) -> None:
    ready = checkpoint(parts)
    planned = plan(parts.data, parts.preset, checkpoint=ready, epochs=None, seed=0)
    assert (planned.epochs, planned.key, planned.space) == (0, ready.name, parts.preset.space)
    found = obtain_supernet(
        parts.data, parts.preset, checkpoint=ready, epochs=None, seed=0, cache=tmp_path, tick=no_tick
    )
    assert (found.origin, found.kept, found.was_kept) == (f"taken as it is from {ready}", None, True)
    for name, tensor in found.supernet.state_dict().items():
        assert torch.equal(tensor, parts.evaluator.supernet.state_dict()[name])
    assert not list(tmp_path.iterdir())


def test_a_checkpoint_of_other_data_is_fine_tuned_once(parts: Parts, tmp_path: Path) -> None:
    data = load_data(write_pictures(tmp_path / "two", classes=2, each=20), 0)
    ready, seen = checkpoint(parts), []

    def obtain() -> supernet_step.SupernetStep:
        return obtain_supernet(
            data, parts.preset, checkpoint=ready, epochs=None, seed=0, cache=tmp_path / "cache",
            tick=lambda *said: seen.append(said),
        )  # fmt: skip

    first = obtain()
    assert first.origin == f"fine-tuned for 1 epochs from {trained_on(parts.data)}"
    assert not first.was_kept
    assert first.kept is not None
    description = read_description(kept_supernet(tmp_path / "cache", first.kept))
    assert (description.classes, description.trained_on) == (data.classes, trained_on(data))
    assert not list((tmp_path / "cache" / "unfinished").iterdir())
    steps = len(seen)
    second = obtain()
    assert second.was_kept
    assert len(seen) == steps > 0
    for name, tensor in second.supernet.state_dict().items():
        assert torch.equal(tensor, first.supernet.state_dict()[name])


def test_fine_tuning_is_planned_with_what_it_starts_from(parts: Parts) -> None:
    other = replace(parts.data, fingerprint="f" * 64)
    planned = plan(other, parts.preset, checkpoint=checkpoint(parts), epochs=5, seed=0)
    assert (planned.epochs, planned.start) == (5, checkpoint(parts).name)
    from_nothing = plan(other, parts.preset, checkpoint=None, epochs=5, seed=0)
    assert (from_nothing.epochs, from_nothing.start) == (5, None)
    assert planned.key != from_nothing.key


def test_a_folder_without_a_checkpoint_is_refused(parts: Parts, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"holds no supernet: it has no supernet\.toml\n  to do: give the folder"):
        plan(parts.data, parts.preset, checkpoint=tmp_path, epochs=None, seed=0)
