"""codesign/walk/precision_step.py and what follows from it: bundles, certificates and results in other formats."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from codesign.bundle.evaluate import evaluate_mode
from codesign.commands.main import main
from codesign.data.load import load_data
from codesign.exits.answers import answers as answers_of
from codesign.search.choose import ChosenDesign
from codesign.search.inner_front import InnerDesign
from codesign.walk import compile as compile_step
from codesign.walk import precision_step
from codesign.walk.bundle_step import stage_models
from codesign.walk.certify_step import certified_mode
from codesign.walk.precision_step import deployed_genome
from codesign.walk.settings import Settings
from codesign.walk.test_answers import TestAnswers
from codesign.walk.user_step import user_models_of
from runtime.contract.bundle_files import read_modes
from runtime.contract.exit_policy import ExitPolicy
from runtime.contract.manifest import read_manifest, stage_file
from runtime.contract.operating_point import OperatingPoint
from runtime.contract.preprocessing import Preprocessing
from runtime.contract.tensor_spec import TensorSpec
from runtime.data.labelled import LabelledImages
from runtime.data.npz_file import write_npz
from runtime.engine.bundle import full_depth, open_bundle
from runtime.engine.stage import Stage
from tests.codesign.small_run import SmallRun, write_pictures, write_space
from tests.codesign.user_networks import SIDE, saved, skilled_network

FORMATS = ("fp16", "int8", "mixed")
CERTIFIED_ON: dict[str, dict[str, Any]] = {}  # per format, what the certificate step of its run was handed
SPEC = TensorSpec(SIDE, SIDE, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))


@pytest.fixture(name="brought", scope="module")
def a_chain_and_its_images(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("brought")
    data = write_pictures(folder / "pictures", each=120)
    small = saved(skilled_network(blocks=2, width=24, sharpness=12.0), folder, "small.onnx")
    large = saved(skilled_network(blocks=6, width=48, seed=1), folder, "large.onnx")
    pictures = load_data(data, 5, size=SIDE)
    mirrored = np.ascontiguousarray(pictures.train.images[:150][:, ::-1, ::-1])
    write_npz(folder / "c.npz", LabelledImages(mirrored, pictures.train.labels[:150], pictures.classes))
    return {"data": data, "models": (small, large), "calibration": f"npz:{folder / 'c.npz'}"}


def compiled(brought: dict[str, Any], out: Path, precision: str, *options: str) -> int:
    arguments = ["compile", "--data", brought["data"], "--board", "tx2", "--device", "cpu", "--out", str(out)]
    for model in brought["models"]:
        arguments += ["--model", str(model)]
    arguments += ["--calibration", brought["calibration"], "--mean", "0,0,0", "--std", "1,1,1", "--head-epochs", "2"]
    arguments += ["--max-accuracy-loss", "0.1", "--epsilon", "0.1", "--precision", precision]
    return main([*arguments, "--precision-change", "0.0005", *options])


@pytest.fixture(name="run", scope="module", params=FORMATS)
def a_finished_run(
    request: pytest.FixtureRequest, brought: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Path, dict[str, Any]]:
    out = tmp_path_factory.mktemp(request.param) / "out"

    def watched(start: Any, answers: TestAnswers, epsilon: float, delta: float, precision: str) -> Any:
        CERTIFIED_ON[request.param] = {"answers": answers, "precision": precision}
        return certified_mode(start, answers, epsilon, delta, precision)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compile_step, "certified_mode", watched)
        assert compiled(brought, out, request.param) == 0
    return request.param, out, json.loads((out / "results.json").read_text(encoding="utf-8"))


Run = tuple[str, Path, dict[str, Any]]


def test_every_mode_of_the_bundle_says_its_format_and_the_bundle_serves(run: Run, brought: dict[str, Any]) -> None:
    precision, out, _ = run
    manifest = read_manifest(out / "bundle")
    assert {mode.precision for mode in read_modes(out / "bundle", manifest).values()} == {precision}
    images = load_data(brought["data"], 0, size=SIDE).test.images[:5]
    assert len(open_bundle(out / "bundle", mode="accurate").infer_batch(images)) == 5


def test_the_stages_compute_in_the_format(run: Run) -> None:
    precision, out, _ = run
    manifest = read_manifest(out / "bundle")
    stages = [
        onnx.load(out / "bundle" / stage_file(design, k)) for design, n in manifest.stages.items() for k in range(n)
    ]
    operations = {node.op_type for stage in stages for node in stage.graph.node}
    assert ("QuantizeLinear" in operations) is (precision != "fp16")
    kinds = {weight.data_type for stage in stages for weight in stage.graph.initializer}
    assert (onnx.TensorProto.FLOAT16 in kinds) is (precision == "fp16")


def test_losses_count_against_the_full_network_in_fp32(run: Run, brought: dict[str, Any]) -> None:
    _, _, results = run
    assert results["full_network"]["design"] == "large in FP32, no exits"
    network = user_models_of(Settings("digits", "tx2", models=(str(brought["models"][1]),)))[0]
    test = load_data(brought["data"], 0, size=SIDE, calibration=brought["calibration"]).test
    right = answers_of(network.model, ("logits",), test.images, SPEC).predictions[0] == test.labels
    assert results["full_network"]["accuracy"] == pytest.approx(float(right.mean()))
    full = results["precision"]["full_network"]
    assert full["fp32"]["accuracy"] == results["full_network"]["accuracy"]
    assert full["deployed"]["energy_j"] < full["fp32"]["energy_j"]


def test_what_is_compared_computes_in_the_same_format(run: Run) -> None:
    precision, _, results = run
    shown = {"fp16": "in FP16", "int8": "in INT8", "mixed": "in INT8 with some layers in FP32"}[precision]
    assert all(shown in bar["design"] for bar in results["bars"])
    assert results["precision"]["full_network"]["energy_kind"] == "simulated"
    assert any(shown in note for note in results["data"]["notes"])


def test_what_is_certified_are_the_logits_of_the_stages_that_are_deployed(run: Run) -> None:
    precision, _, _ = run
    told = CERTIFIED_ON[precision]
    answers, images = told["answers"], told["answers"].split.images
    assert told["precision"] == precision
    finalists = answers._finalists
    genome = next(genome for genome in finalists if genome[0] == 1 and len(genome) == 2)  # the larger one, deployed
    design = InnerDesign(0, 0b1, 0, OperatingPoint(10**9, 10**9, 10**9), 0.5, 1.0, 1.0, 1.0)
    chosen = ChosenDesign((finalists[genome].record,), design, ExitPolicy((0.5,)))
    log = answers.of_design(chosen)
    stages = [Stage(model, where=f"stage {k}") for k, model in enumerate(stage_models(chosen, finalists))]
    entropies = [entropy for _, entropy in full_depth(stages).run_through(Preprocessing(SPEC)(images))]
    kept = [0, log.candidates - 1]
    np.testing.assert_allclose(log.entropy_nats[kept], entropies, rtol=0, atol=2e-3 if precision == "fp16" else 1e-5)
    # In FP32 the same network answers otherwise: this would fail if its logits had been asked.
    full = finalists[genome[:1]].exited
    exact = answers_of(full.model, full.outputs, images, SPEC)
    if precision == "int8":  # of mixed, every layer of this network may have stayed in FP32
        assert np.abs(exact.entropy_nats[kept] - entropies).max() > 1e-4
    # Harm counts against the full network in FP32.
    assert log.full is not None
    assert log.full.tolist() == exact.predictions[-1].tolist()


def test_the_bundle_expects_what_its_own_stages_do_to_the_select_split(run: Run, brought: dict[str, Any]) -> None:
    precision, out, results = run
    select = load_data(brought["data"], 0, size=SIDE, calibration=brought["calibration"]).select
    for name in ("accurate", "balanced"):
        found = evaluate_mode(out / "bundle", name, select)
        assert found.expected_accuracy == pytest.approx(found.accuracy, abs=0.02 if precision == "fp16" else 1e-9)
    assert len(results["modes"]) >= 3


def test_the_format_shows_on_the_first_screen_of_the_report(run: Run) -> None:
    _, out, results = run
    assert f"Everything compared here computes in {results['precision']['shown']}" in (out / "report.html").read_text(
        encoding="utf-8"
    )


def test_every_exit_is_compared_with_what_it_answered_in_fp32(run: Run) -> None:
    precision, _, results = run
    networks = results["precision"]["networks"]
    assert [row["network"] for row in networks] == ["small", "large"]
    for row in networks:
        assert all(0.0 <= exit_["max_difference"] < 0.2 for exit_ in row["exits"])
        if precision == "int8":  # of others, the engine may round nothing but weights, and these may lose nothing
            assert max(exit_["max_difference"] for exit_ in row["exits"]) > 0.0
        assert ("mixture" in row) is (precision == "mixed")


def test_a_network_that_loses_too_much_is_refused(
    brought: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def ruined(model: onnx.ModelProto, *_others: Any, **_how: Any) -> onnx.ModelProto:
        copy = onnx.ModelProto()
        copy.CopyFrom(model)
        for weight in copy.graph.initializer:
            if weight.data_type == onnx.TensorProto.FLOAT and len(weight.dims) == 2:
                weight.CopyFrom(onnx.numpy_helper.from_array(-onnx.numpy_helper.to_array(weight), weight.name))
        return copy

    monkeypatch.setattr(precision_step, "in_integers", ruined)
    assert compiled(brought, tmp_path / "out", "int8") != 0
    said = " ".join(capsys.readouterr().err.split())
    assert "points lost, more than 5" in said
    assert "--precision mixed" in said


@pytest.mark.parametrize("run", ["int8"], indirect=True)
def test_a_finished_run_resumes_to_the_same_bundle(run: Run, brought: dict[str, Any]) -> None:
    precision, out, results = run
    assert compiled(brought, out, precision, "--resume") == 0
    again = json.loads((out / "results.json").read_text(encoding="utf-8"))
    assert again["verification"]["bundle_id"] == results["verification"]["bundle_id"]


def test_a_backbone_has_another_genome_in_every_format() -> None:
    assert len({deployed_genome((3, 1), precision) for precision in FORMATS} | {(3, 1)}) == 4


@pytest.mark.slow
def test_finalists_of_a_searched_supernet_are_deployed_in_eight_bits(tmp_path: Path) -> None:
    run = SmallRun(
        write_pictures(tmp_path / "pictures"),
        write_space(tmp_path / "small.toml"),
        tmp_path / "cache",
        tmp_path / "out",
    )
    assert run("--precision", "int8") == 0
    results = run.results
    assert all("in INT8" in bar["design"] for bar in results["bars"])
    assert results["full_network"]["design"].endswith("in FP32, no exits")
    assert results["verification"]["cut_vs_uncut_max_abs_difference"] <= 2e-2
