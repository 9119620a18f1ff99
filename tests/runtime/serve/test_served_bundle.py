"""A bundle made ready to answer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from runtime.contract.errors import BundleError
from runtime.contract.preprocessing import Preprocessing
from runtime.engine.bundle import open_bundle
from runtime.engine.provider import Provider
from runtime.serve import served_bundle
from runtime.serve.limits import Limits
from runtime.serve.refusal import Refused
from runtime.serve.served_bundle import Budget, ServedBundle, load
from tests.ort_double import OrtDouble, use
from tests.runtime.serve.serving_doubles import job_of
from tests.tiny_cascade import SPEC, random_images


def test_every_mode_answers_as_the_engine_does(bundle: Path) -> None:
    served, images = load(bundle, Limits()), random_images(4)
    for name, mode in served.modes.items():
        answers = open_bundle(bundle, name).infer_batch(images)
        left = mode.run(images)
        assert left.exit_index.tolist() == [answer.exit_index for answer in answers]
        assert left.logits.argmax(axis=1).tolist() == [answer.class_index for answer in answers]
        one = mode.run_one(images[:1])
        assert one.exit_index == answers[0].exit_index


def test_normalised_tensors_are_run_as_they_are(served: ServedBundle) -> None:
    images = random_images(2)
    mode = served.modes["thorough"]
    assert np.allclose(mode.run(Preprocessing(SPEC)(images)).logits, mode.run(images).logits)


def test_modes_of_one_design_share_their_stages(served: ServedBundle) -> None:
    assert served.modes["balanced"].cascade.stages == served.modes["thorough"].cascade.stages
    assert served.modes["balanced"].cascade.policy != served.modes["thorough"].cascade.policy


def test_promised_joules_add_up_to_the_exit(served: ServedBundle) -> None:
    assert served.modes["thorough"].promised_j == pytest.approx((0.001, 0.003, 0.006, 0.010))


def test_a_changed_stage_is_not_served(bundle: Path) -> None:
    stage = next(bundle.rglob("0.onnx"))
    stage.write_bytes(stage.read_bytes() + b"x")
    with pytest.raises(BundleError, match="was changed"):
        load(bundle, Limits())


def test_golden_samples_are_replayed_where_asked(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def differs(*_: object) -> float:
        raise BundleError("logits on the golden samples differ")

    monkeypatch.setattr("runtime.serve.served_bundle.replay_golden", differs)
    load(bundle, Limits())
    with pytest.raises(BundleError, match="golden samples differ"):
        load(bundle, Limits(), replay=True)


def test_golden_samples_are_replayed_on_what_no_install_has_tried(
    bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, OrtDouble())
    replayed: list[Provider] = []
    monkeypatch.setattr(served_bundle, "replay_golden", lambda _folder, _manifest, provider: replayed.append(provider))
    assert load(bundle, Limits()).providers == ("cpu",)
    assert load(bundle, Limits(), provider=Provider("cuda")).providers == ("cuda",)
    assert replayed == [Provider("cuda")]


def test_within_a_budget_the_mode_in_use_is_loaded_and_what_has_room(bundle: Path) -> None:
    said: list[str] = []
    served = load(bundle, Limits(), budget=Budget(1_000_000, "one-shot", said.append))
    loaded = {name for name, mode in served.modes.items() if mode.cascade is not None}
    assert loaded == {"one-shot"}
    assert "loaded: one-shot; about 1 of 1 MB" in said[-1]
    assert served.providers == ("cpu",)
    with pytest.raises(Refused, match="is not loaded"):
        job_of(served, mode="balanced")
    assert job_of(served, mode="one-shot").served.run_one(random_images(1)).exit_index == 0


def test_a_budget_for_all_loads_all(bundle: Path) -> None:
    served = load(bundle, Limits(), budget=Budget(1 << 30, None, lambda _: None))
    assert all(mode.cascade is not None for mode in served.modes.values())
    assert served.keeper is not None
    assert served.keeper.in_use == served.manifest.default_mode
