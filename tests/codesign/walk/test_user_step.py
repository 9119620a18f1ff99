"""Networks of the user's own, from ONNX files to a bundle: codesign/walk/user_step.py and what it stands on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from codesign.backbones.slice_onnx import IMAGE, LOGITS
from codesign.commands.main import main
from codesign.data.load import load_data
from codesign.exits.answers import onnx_session
from codesign.walk.settings import Settings
from codesign.walk.user_step import NO_CALIBRATION, user_data, user_models_of
from runtime.contract.errors import DataError
from runtime.contract.manifest import read_manifest
from runtime.contract.preprocessing import Preprocessing
from runtime.data.labelled import LabelledImages
from runtime.data.npz_file import write_npz
from runtime.engine.bundle import open_bundle
from tests.codesign.small_run import write_pictures
from tests.codesign.user_networks import saved, skilled_network

PLAIN = ("--mean", "0,0,0", "--std", "1,1,1")


@pytest.fixture(name="brought", scope="module")
def what_a_user_brings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Pictures, two networks, and calibration images in a file of their own."""
    folder = tmp_path_factory.mktemp("brought")
    data = write_pictures(folder / "pictures", each=120)
    small = saved(skilled_network(blocks=2, width=24, sharpness=12.0), folder, "small.onnx")
    large = saved(skilled_network(blocks=6, width=48, seed=1), folder, "large.onnx")
    pictures = load_data(data, 5, size=16)
    calibration = folder / "calibration.npz"
    mirrored = np.ascontiguousarray(pictures.train.images[:150][:, ::-1, ::-1])  # no copies of what --data holds
    apart = LabelledImages(mirrored, pictures.train.labels[:150], pictures.classes)
    write_npz(calibration, apart)
    return {"data": data, "small": small, "large": large, "calibration": calibration, "folder": folder}


def compiled(brought: dict[str, Any], out: Path, *options: str) -> dict[str, Any]:
    arguments = ["compile", "--data", brought["data"], "--board", "tx2", "--device", "cpu", "--out", str(out)]
    status = main([*arguments, *PLAIN, "--head-epochs", "2", "--max-accuracy-loss", "0.1", *options])
    assert status == 0
    results: dict[str, Any] = json.loads((out / "results.json").read_text(encoding="utf-8"))
    return results


@pytest.fixture(name="chain_run", scope="module")
def a_finished_chain(brought: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    out = tmp_path_factory.mktemp("chain") / "out"
    options = ("--model", str(brought["large"]), "--model", str(brought["small"]), "--epsilon", "0.1")
    results = compiled(brought, out, *options, "--calibration", f"npz:{brought['calibration']}")
    return out, results


def test_two_networks_become_a_bundle_that_serves(
    brought: dict[str, Any], chain_run: tuple[Path, dict[str, Any]]
) -> None:
    out, results = chain_run
    assert results["full_network"]["design"] == "large, no exits"
    assert results["verification"]["cut_vs_uncut_max_abs_difference"] <= 1e-5
    images = load_data(brought["data"], 0, size=16).test.images[:5]
    answers = open_bundle(out / "bundle", mode="accurate").infer_batch(images)
    assert len(answers) == 5


def test_the_last_stage_answers_what_the_users_network_does_where_answers_are_not_averaged(
    brought: dict[str, Any], chain_run: tuple[Path, dict[str, Any]]
) -> None:
    out, _ = chain_run
    spec = read_manifest(out / "bundle").input
    assert (spec.mean, spec.std, spec.layout) == ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0), "NCHW")
    images = load_data(brought["data"], 0, size=16).test.images[:4]
    model = user_models_of(Settings("digits", "tx2", models=(str(brought["large"]),)))[0].model
    own = onnx_session(model, 1).run([LOGITS], {IMAGE: Preprocessing(spec)(images)})[0]
    assert own.argmax(axis=1).tolist() == load_data(brought["data"], 0, size=16).test.labels[:4].tolist()


def test_networks_come_in_the_order_of_their_work_whatever_the_order_they_were_given_in(
    brought: dict[str, Any],
) -> None:
    for files in ((brought["large"], brought["small"]), (brought["small"], brought["large"])):
        settings = Settings("digits", "tx2", models=tuple(map(str, files)))
        assert [model.name for model in user_models_of(settings)] == ["small", "large"]


def test_with_images_set_apart_a_certificate_is_sought_on_them(chain_run: tuple[Path, dict[str, Any]]) -> None:
    _, results = chain_run
    notes = " ".join(results["data"]["notes"])
    assert NO_CALIBRATION not in notes
    if results["certificate"] is None:
        assert "No certified mode" in notes
    else:
        assert results["certificate"]["n"] == results["data"]["splits"]["certify"]["n"]
        assert "certified" in {mode["name"] for mode in results["modes"]}


def test_without_images_set_apart_nothing_is_certified_and_that_is_said(
    brought: dict[str, Any], tmp_path: Path
) -> None:
    results = compiled(brought, tmp_path / "out", "--model", str(brought["small"]))
    assert results["certificate"] is None
    assert any(NO_CALIBRATION in note for note in results["data"]["notes"])


def test_heads_are_trained_once_and_a_resumed_run_ends_alike(
    chain_run: tuple[Path, dict[str, Any]], brought: dict[str, Any]
) -> None:
    out, results = chain_run
    kept = {path: path.stat().st_mtime_ns for path in (out / "finalists").glob("*.safetensors")}
    assert len(kept) == 2
    options = ("--model", str(brought["large"]), "--model", str(brought["small"]), "--epsilon", "0.1", "--resume")
    again = compiled(brought, out, *options, "--calibration", f"npz:{brought['calibration']}")
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    assert again["verification"]["bundle_id"] == results["verification"]["bundle_id"]


def test_a_fine_tuned_network_says_so_and_a_resumed_run_trains_nothing_again(
    brought: dict[str, Any], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    options = ("--model", str(brought["large"]), "--finetune", "--finetune-epochs", "1")
    results = compiled(brought, out, *options)
    (said,) = [note for note in results["data"]["notes"] if "Networks as brought" in note]
    assert "untouched" not in said
    assert "weights changed by fine-tuning" in said or "its weights are as brought" in said
    kept = {path: path.stat().st_mtime_ns for path in (out / "finalists").glob("*-finetuned.*")}
    assert len(kept) == 1
    again = compiled(brought, out, *options, "--resume")
    assert {path: path.stat().st_mtime_ns for path in (out / "finalists").glob("*-finetuned.*")} == kept
    assert again["verification"]["bundle_id"] == results["verification"]["bundle_id"]


def test_a_front_network_is_trained_once_and_serves_before_the_users_own(
    brought: dict[str, Any], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    options = ("--model", str(brought["large"]), "--front", "distil", "--front-epochs", "2")
    results = compiled(brought, out, *options)
    assert results["full_network"]["design"] == "large, no exits"
    (said,) = [note for note in results["data"]["notes"] if "Networks as brought" in note]
    assert said.startswith("Networks as brought, weights untouched: large (")
    assert "large-front (" in said
    assert "was trained here to answer as large does" in said
    kept = (out / "front.onnx").stat().st_mtime_ns
    assert len(list((out / "finalists").glob("*.safetensors"))) == 2
    again = compiled(brought, out, *options, "--resume")
    assert (out / "front.onnx").stat().st_mtime_ns == kept
    assert again["verification"]["bundle_id"] == results["verification"]["bundle_id"]


def test_a_network_that_cannot_be_trained_is_refused_before_anything_is(
    brought: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = skilled_network(blocks=2)
    model.graph.node[1].op_type = "Softsign"  # no gradient is known for it here
    arguments = ["compile", "--data", brought["data"], "--board", "tx2", "--out", str(tmp_path / "out"), "--finetune"]
    assert main([*arguments, *PLAIN, "--model", str(saved(model, tmp_path))]) == 2
    assert "(Softsign) cannot be trained through" in capsys.readouterr().err
    assert not list((tmp_path / "out" / "finalists").iterdir())


def test_wrong_preprocessing_is_named_as_what_it_is(brought: dict[str, Any]) -> None:
    settings = Settings(
        brought["data"], "tx2", models=(str(brought["large"]),), mean=(90.0, 90.0, 0.0), std=(1.0, 1.0, 1.0)
    )
    models = user_models_of(settings)
    data = load_data(settings.data, 0, size=16)
    with pytest.raises(
        DataError, match=r"large is right on \d+\.\d% of the images, chance is 33\.3%(.|\n)*--mean, --std"
    ):
        user_data(settings, data, models)
