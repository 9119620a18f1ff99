"""`codesign compile` from the command line to the last file: what it hands over, resumes, and refuses."""

from __future__ import annotations

import errno
import json
import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from codesign.bundle.read_back import read_back
from codesign.commands.main import main
from codesign.report.results import check_results
from codesign.walk import run_folder
from codesign.walk.evaluate import Evaluator
from codesign.walk.settings import Settings
from runtime.commands.main import main as edge_runtime
from runtime.contract.bundle_files import read_modes
from tests.codesign.small_run import SmallRun, without_the_moment, write_pictures, write_space
from tests.runtime.data.pictures_on_disk import write_classes

BARS = {
    "static_default_mode", "static_max_clocks", "static_best_clocks", "exits_max_clocks", "exits_best_clocks",
    "sequential",
}  # fmt: skip
BAR_KEYS = {
    "name", "mode", "accuracy", "accuracy_kind", "energy_j", "served_energy_j", "energy_kind", "latency_s", "split",
}  # fmt: skip


def shown(capsys: pytest.CaptureFixture[str]) -> str:
    """stderr as one line, however it was wrapped."""
    return " ".join(capsys.readouterr().err.split())


# What is handed over.


def test_the_results_are_what_the_report_reads(finished_run: SmallRun) -> None:
    check_results(finished_run.results)


def test_there_are_six_bars_each_saying_how_its_numbers_are_known(finished_run: SmallRun) -> None:
    bars = {bar["name"]: bar for bar in finished_run.results["bars"]}
    assert bars.keys() == BARS
    for bar in bars.values():
        assert bar.keys() >= BAR_KEYS
        assert (bar["mode"], bar["split"]) == ("balanced", "test")
        assert (bar["accuracy_kind"], bar["energy_kind"]) == ("measured", "simulated")


def test_exits_at_their_best_clocks_need_no_more_energy_than_at_the_fastest(finished_run: SmallRun) -> None:
    bars = {bar["name"]: bar for bar in finished_run.results["bars"]}
    assert bars["exits_best_clocks"]["accuracy"] == bars["exits_max_clocks"]["accuracy"]
    assert bars["static_best_clocks"]["energy_j"] <= bars["static_max_clocks"]["energy_j"]
    assert bars["exits_best_clocks"]["energy_j"] <= bars["exits_max_clocks"]["energy_j"]


def test_the_oracle_is_named_so_and_is_at_least_as_accurate(finished_run: SmallRun) -> None:
    results = finished_run.results
    joint = next(bar for bar in results["bars"] if bar["name"] == "exits_best_clocks")
    assert results["oracle"]["name"] == "oracle"
    assert results["oracle"]["accuracy"] >= joint["accuracy"]


def test_the_report_needs_no_other_file(finished_run: SmallRun) -> None:
    page = (finished_run.out / "report.html").read_text(encoding="utf-8")
    assert "</html>" in page
    assert not re.search(r"""(src|href)\s*=\s*["']?\s*(https?:)?//""", page)
    assert not re.search(r"url\(\s*[\"']?\s*https?:|@import", page)


def test_the_bundle_reads_back_with_three_modes_of_which_balanced_is_the_default(finished_run: SmallRun) -> None:
    manifest = read_back(finished_run.out / "bundle")
    assert manifest.modes == ("accurate", "balanced", "frugal")
    assert manifest.default_mode == "balanced"
    assert manifest.bundle_id == finished_run.results["verification"]["bundle_id"]
    assert manifest.provenance["settings"]["requests_per_s"] == 30.0


def test_what_the_bundle_expects_is_what_the_results_say_of_select(finished_run: SmallRun) -> None:
    bundle = finished_run.out / "bundle"
    modes = read_modes(bundle, read_back(bundle))
    for row in finished_run.results["modes"]:
        expected = modes[row["name"]].expected
        assert {name: expected[name].value for name in ("accuracy", "energy_j", "latency_s")} == {
            name: row["select"][name] for name in ("accuracy", "energy_j", "latency_s")
        }
        assert expected["accuracy"].kind.value == "measured"
        assert "select split" in expected["accuracy"].on
        assert expected["energy_j"].kind.value == "simulated"
        assert list(modes[row["name"]].exit_shares) == [exit_["select_share"] for exit_ in row["exits"]]


def test_most_images_leave_the_default_mode_early(finished_run: SmallRun) -> None:
    balanced = next(mode for mode in finished_run.results["modes"] if mode["default"])
    assert len(balanced["exits"]) > 1  # else the tests of the walk would look at no exit at all
    assert balanced["exits"][-1]["test_share"] < 0.5


def test_no_mode_is_dearer_on_select_than_the_one_before_it(finished_run: SmallRun) -> None:
    energies_j = [row["select"]["energy_j"] for row in finished_run.results["modes"]]
    assert energies_j == sorted(energies_j, reverse=True)


def test_the_installed_bundle_does_on_test_exactly_what_the_results_say(
    finished_run: SmallRun, capsys: pytest.CaptureFixture[str]
) -> None:
    test_set = finished_run.out / "test.npz"
    assert main(["evaluate", str(finished_run.out / "bundle"), "--data", f"npz:{test_set}", "--json"]) == 0
    found = {row["mode"]: row for row in json.loads(capsys.readouterr().out)}
    images = len(np.load(test_set)["labels"])
    assert images == finished_run.results["data"]["splits"]["test"]["n"]
    for mode in finished_run.results["modes"]:
        row = found[mode["name"]]
        assert row["images"] == images
        assert round(row["accuracy"] * images) == round(mode["test"]["accuracy"] * images)
        assert row["exit_shares"] == pytest.approx([exit_["test_share"] for exit_ in mode["exits"]], abs=1e-12)
        assert row["energy_j"] == pytest.approx(mode["test"]["energy_j"], rel=1e-6)
        assert row["latency_s"] == pytest.approx(mode["test"]["latency_s"], rel=1e-6)


def test_a_board_can_install_and_run_it(
    finished_run: SmallRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = ["--root", str(tmp_path / "board"), "--json"]
    assert edge_runtime(["install", str(finished_run.out / "bundle"), *root]) == 0
    capsys.readouterr()
    assert edge_runtime(["run", "--data", str(finished_run.out / "test.npz"), *root]) == 0
    table = json.loads(capsys.readouterr().out)
    balanced = next(mode for mode in finished_run.results["modes"] if mode["default"])
    assert table["mode"] == "balanced"
    assert table["found"]["accuracy"]["value"] == pytest.approx(balanced["test"]["accuracy"], abs=1e-12)


def test_the_headline_is_printed_as_json_alone_on_stdout(
    finished_run: SmallRun, capsys: pytest.CaptureFixture[str]
) -> None:
    assert finished_run("--resume") == 0  # a finished run, resumed, only reads what it has
    printed = json.loads(capsys.readouterr().out)
    assert printed["bars"] == finished_run.results["bars"]
    assert Path(printed["bundle"]) == finished_run.out / "bundle"


# Interrupted and resumed.


def interrupt_after(patch: pytest.MonkeyPatch, evaluations: int) -> None:
    """Ctrl-C when the search asks for one more backbone than that."""
    really, done = Evaluator.fresh, []

    def counted(self: Evaluator, genome: tuple[int, ...]) -> Any:
        if len(done) == evaluations:
            raise KeyboardInterrupt
        done.append(genome)
        return really(self, genome)

    patch.setattr(Evaluator, "fresh", counted)


@pytest.mark.parametrize("evaluations", [0, 5])
def test_an_interrupted_search_resumes_to_the_very_same_results(
    finished_run: SmallRun, new_run: SmallRun, capsys: pytest.CaptureFixture[str], evaluations: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        interrupt_after(patch, evaluations)
        assert new_run() == 130
    assert "--resume" in shown(capsys)
    assert len(list((new_run.out / "search" / "backbones").iterdir())) == evaluations
    assert not (new_run.out / "bundle").exists()
    assert new_run("--resume") == 0
    assert without_the_moment(new_run.results) == without_the_moment(finished_run.results)


def test_a_run_interrupted_in_training_resumes_to_the_very_same_results(
    finished_run: SmallRun, new_run: SmallRun, tmp_path: Path
) -> None:
    from codesign.backbones.training_state import TrainingState

    run = SmallRun(new_run.data, new_run.space, tmp_path / "cache of its own", new_run.out)
    really = TrainingState.keep

    def keep_then_interrupt(self: TrainingState, epochs: int) -> None:
        really(self, epochs)
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TrainingState, "keep", keep_then_interrupt)
        assert run() == 130
    assert run("--resume") == 0
    assert without_the_moment(run.results) == without_the_moment(finished_run.results)


def test_a_damaged_step_is_named_and_can_be_deleted_and_done_again(
    finished_run: SmallRun, new_run: SmallRun, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        interrupt_after(patch, 2)
        assert new_run() == 130
    saved = sorted((new_run.out / "search" / "backbones").iterdir())[0]
    saved.write_bytes(saved.read_bytes()[:100])
    capsys.readouterr()
    assert new_run("--resume") == 2
    message = shown(capsys)
    assert str(saved) in message
    assert "delete it and --resume" in message
    saved.unlink()
    assert new_run("--resume") == 0
    assert without_the_moment(new_run.results) == without_the_moment(finished_run.results)


# Refused.


def refused(run: SmallRun, capsys: pytest.CaptureFixture[str], *options: str) -> str:
    """Compile; it must fail with one message and leave no bundle. Returns the message."""
    capsys.readouterr()
    assert run(*options) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("codesign: ") == 1
    assert "Traceback" not in printed.err
    assert not (run.out / "bundle").exists()
    assert not list(run.out.rglob("*unfinished*")) if run.out.is_dir() else True
    return " ".join(printed.err.split("codesign: ", 1)[1].split())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--board", "orin-nanu"], "unknown board 'orin-nanu'.*orin-nano-super"),
        (["--data", "cifar"], "unknown data set 'cifar'.*did you mean 'cifar10'.*to do: use digits"),
        (["--data", "images:/nowhere/at/all"], "there is no folder /nowhere/at/all.*to do: give a folder"),
        (["--space", "huge"], "unknown space 'huge'.*to do: use one of .*tiny"),
        (["--space", "/nowhere.toml"], "no space file /nowhere.toml"),
        (["--supernet", "/nowhere"], "/nowhere holds no supernet.*train-supernet"),
        (["--epochs", "0"], "--epochs must be at least 1, got 0"),
        (["--population", "3"], "--population must be at least 4, got 3"),
        (["--generations", "0"], "--generations must be at least 1, got 0"),
        (["--request-rate", "0"], "--request-rate must be above 0"),
        (["--request-rate", "nan"], "--request-rate must be above 0"),
        (["--max-accuracy-loss", "1"], "--max-accuracy-loss is a share.*one percentage point is 0.01"),
        (["--max-latency-ms", "inf"], "--max-latency-ms must be a number above 0.*leave it out"),
        (["--max-latency-ms", "-1"], "--max-latency-ms must be a number above 0, got -1"),
        (["--seed", "4294967296"], "--seed must be from 0 to 4294967294"),
    ],
)
def test_an_option_that_cannot_be_meant_is_refused_before_anything_is_written(
    new_run: SmallRun, capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    assert re.search(message, refused(new_run, capsys, *options))
    assert not new_run.out.exists()


def test_an_empty_class_folder_is_refused(
    new_run: SmallRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_classes(tmp_path / "pictures", {"cat": 8, "dog": 0})
    assert re.search("class 'dog' has no pictures where: .*dog to do:", refused(new_run, capsys, *data(folder)))
    assert not new_run.out.exists()


def test_a_corrupt_picture_is_named(new_run: SmallRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_classes(tmp_path / "pictures", {"cat": 8, "dog": 8})
    picture = folder / "dog" / "003.png"
    picture.write_bytes(picture.read_bytes()[:60])
    message = refused(new_run, capsys, *data(folder))
    assert re.search("picture '003.png' cannot be read: .* where: .*dog/003.png to do:", message)
    assert not new_run.out.exists()


def test_one_class_only_is_refused(new_run: SmallRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_classes(tmp_path / "pictures", {"cat": 8})
    assert "there is one class only: cat" in refused(new_run, capsys, *data(folder))
    assert not new_run.out.exists()


def data(folder: Path) -> tuple[str, str]:
    return "--data", f"images:{folder}"


def test_a_latency_that_nothing_meets_is_refused_with_the_nearest_that_can_be_met(
    new_run: SmallRun, capsys: pytest.CaptureFixture[str]
) -> None:
    message = refused(new_run, capsys, "--max-latency-ms", "0.01")
    found = re.search(r"can answer within 0.01 ms .*where: --max-latency-ms to do: allow ([\d.]+) ms", message)
    assert found
    assert not new_run.out.exists()
    assert new_run("--max-latency-ms", found[1]) == 0
    for mode in new_run.results["modes"]:
        assert mode["test"]["worst_latency_s"] <= float(found[1]) / 1e3


def test_a_request_rate_that_nothing_serves_is_refused_with_the_highest(
    new_run: SmallRun, capsys: pytest.CaptureFixture[str]
) -> None:
    message = refused(new_run, capsys, "--request-rate", "100000")
    assert re.search(r"100000 requests per second cannot be .*where: --request-rate to do: ask for less", message)
    assert not new_run.out.exists()


def test_a_folder_with_other_files_is_left_alone(new_run: SmallRun, capsys: pytest.CaptureFixture[str]) -> None:
    new_run.out.mkdir()
    (new_run.out / "thesis.tex").write_text("years of work")
    assert "is not empty and holds no run to do: choose another --out" in refused(new_run, capsys)
    assert [path.name for path in new_run.out.iterdir()] == ["thesis.tex"]


def test_a_file_in_the_place_of_the_folder_is_refused(new_run: SmallRun, capsys: pytest.CaptureFixture[str]) -> None:
    new_run.out.write_text("a file")
    assert "is a file, not a folder" in refused(new_run, capsys)
    assert new_run.out.read_text() == "a file"


def test_a_run_is_not_started_over_unasked(finished_run: SmallRun, capsys: pytest.CaptureFixture[str]) -> None:
    before = (finished_run.out / "results.json").read_bytes()
    assert finished_run() == 2
    assert "already holds a run to do: add --resume" in shown(capsys)
    assert (finished_run.out / "results.json").read_bytes() == before


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--seed", "1"], "seed changed"),
        (["--max-accuracy-loss", "0.02"], "max_accuracy_loss changed"),
        (["--request-rate", "20", "--device", "cpu"], "device, requests_per_s changed"),
    ],
)
def test_a_run_cannot_be_resumed_as_another(
    finished_run: SmallRun, capsys: pytest.CaptureFixture[str], options: list[str], named: str
) -> None:
    assert finished_run("--resume", *options) == 2
    message = shown(capsys)
    assert f"was started differently: {named}" in message
    assert "to do: resume with the same options" in message


def test_a_run_cannot_be_resumed_with_another_space_of_the_same_name(
    finished_run: SmallRun, capsys: pytest.CaptureFixture[str]
) -> None:
    before = finished_run.space.read_text()
    try:
        write_space(finished_run.space, threshold_levels="7")
        assert finished_run("--resume") == 2
    finally:
        finished_run.space.write_text(before)
    assert "was started differently: the space changed" in shown(capsys)


def test_a_run_cannot_be_resumed_on_other_pictures_of_the_same_name(
    new_run: SmallRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = SmallRun(write_pictures(tmp_path / "own", each=20), new_run.space, new_run.cache, new_run.out)
    with pytest.MonkeyPatch.context() as patch:
        interrupt_after(patch, 0)
        assert run("--epochs", "1") == 130
    (tmp_path / "own" / "colour0" / "000.png").unlink()
    assert "was started differently: the images changed" in refused(run, capsys, "--epochs", "1", "--resume")


def test_a_full_disk_is_one_message_and_the_run_goes_on_when_there_is_room(
    finished_run: SmallRun, new_run: SmallRun, capsys: pytest.CaptureFixture[str]
) -> None:
    written: list[Any] = []
    really = np.savez_compressed

    def full_after_three(file: Any, **arrays: Any) -> None:
        if len(written) == 3:
            file.write(b"half of it")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written.append(file)
        really(file, **arrays)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run_folder.np, "savez_compressed", full_after_three)
        message = refused(new_run, capsys)
    assert re.search("cannot write: the disk is full where: .*npz to do: free some space .*--resume", message)
    assert new_run("--resume") == 0
    assert without_the_moment(new_run.results) == without_the_moment(finished_run.results)


# Estimated and explained.


def test_a_strategy_that_is_not_there_is_refused_before_anything_is_written(
    new_run: SmallRun, capsys: pytest.CaptureFixture[str]
) -> None:
    assert new_run("--strategy", "magic") == 2
    assert "no strategy 'magic'" in capsys.readouterr().err
    assert not new_run.out.exists()


def test_a_value_to_leave_out_that_is_not_there_is_refused_before_anything_is_written(
    new_run: SmallRun, capsys: pytest.CaptureFixture[str]
) -> None:
    assert new_run("--leave-out", "stage0.kernel=7") == 2
    assert "stage0.kernel has no value 7 in space 'small'" in capsys.readouterr().err
    assert not new_run.out.exists()


def test_another_strategy_in_a_part_of_the_space_compiles_and_says_so(new_run: SmallRun) -> None:
    assert new_run("--strategy", "regularised-evolution", "--leave-out", "stage1.expansion=4") == 0
    search = new_run.results["search"]
    assert search["strategy"] == "regularised-evolution"
    assert 1 <= search["backbones"] <= 8
    assert "Strategy regularised-evolution:" in (new_run.out / "report.html").read_text(encoding="utf-8")
    assert " e4" not in json.dumps([mode["description"] for mode in new_run.results["modes"]])


def test_a_dry_run_estimates_and_writes_nothing(new_run: SmallRun, capsys: pytest.CaptureFixture[str]) -> None:
    run = SmallRun(new_run.data, new_run.space, new_run.out.parent / "no cache", new_run.out)
    assert run("--dry-run") == 0
    table = json.loads(capsys.readouterr().out)
    assert table["kind"] == "predicted"
    assert table["total_s"] == table["training_s"] + table["search_s"]
    assert min(table[name] for name in ("training_s", "search_s", "memory_bytes", "disk_bytes")) > 0
    assert not run.out.exists()
    assert not run.cache.exists()


def test_a_dry_run_for_people_names_time_memory_and_disk(new_run: SmallRun, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [argument for argument in new_run.arguments("--dry-run") if argument != "--json"]
    assert main(arguments) == 0
    printed = capsys.readouterr().out
    for text in ("training", " min", "memory", " GB", "disk", " MB", "predicted", "nothing was written"):
        assert text in printed


@pytest.mark.parametrize("options", [["--board", "orin-nanu"], ["--data", "images:/nowhere"], ["--epochs", "0"]])
def test_a_dry_run_refuses_what_the_run_would(
    new_run: SmallRun, capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    refused(new_run, capsys, "--dry-run", *options)


def test_every_option_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["compile", "--help"])
    printed = capsys.readouterr().out
    for option in (
        "--data", "--board", "--out", "--device", "--request-rate", "--max-accuracy-loss", "--max-latency-ms",
        "--energy", "--supernet", "--space", "--epochs", "--augment", "--population", "--generations", "--seed",
        "--cache", "--resume", "--dry-run", "--json", "--model", "--calibration", "--mean", "--std", "--size",
        "--layout", "--preprocessing", "--head-epochs",
    ):  # fmt: skip
        assert option in printed


# Networks of one's own.


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--mean", "1,2"], "argument --mean: three numbers with commas between them, like 0.5,0.5,0.5, not '1,2'"),
        (["--std", "a,b,c"], "argument --std: three numbers"),
        (["--size", "bigxsmall"], "argument --size: a height and a width in pixels, like 224x224, not 'bigxsmall'"),
        (["--layout", "CHW"], "argument --layout: invalid choice: 'CHW'"),
    ],
)
def test_preprocessing_that_cannot_be_read_is_refused_with_an_example(
    options: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["compile", "--data", "digits", "--board", "tx2", "--out", "nowhere", *options])
    assert stopped.value.code == 2
    assert message in shown(capsys)


def asked_for(options: list[str], monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The settings that these options make."""
    found: list[Settings] = []
    monkeypatch.setattr("codesign.walk.estimate.estimate", lambda settings, _: found.append(settings))
    monkeypatch.setattr("codesign.commands.compile_summary.print_estimate", lambda *_, **__: None)
    assert main(["compile", "--data", "digits", "--board", "tx2", "--out", "nowhere", "--dry-run", *options]) == 0
    return found[0]


def test_preprocessing_comes_from_a_file_and_the_command_line_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "images.toml"
    file.write_text("mean = [0.1, 0.2, 0.3]\nsize = [24, 32]\nlayout = 'NHWC'\n", encoding="utf-8")
    told = asked_for(["--preprocessing", str(file), "--size", "48"], monkeypatch)
    assert (told.mean, told.size, told.layout) == ((0.1, 0.2, 0.3), (48, 48), "NHWC")
    assert told.std == (0.229, 0.224, 0.225)  # ImageNet's, where nobody says
    zero = asked_for(["--preprocessing", str(file), "--mean", "0,0,0"], monkeypatch)
    assert zero.mean == (0.0, 0.0, 0.0)


def test_a_misspelt_key_of_the_preprocessing_stops(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "images.toml"
    file.write_text("means = [0.1, 0.2, 0.3]\n", encoding="utf-8")
    options = ["--data", "digits", "--board", "tx2", "--out", "nowhere", "--preprocessing", str(file)]
    assert main(["compile", *options]) == 2
    assert "unknown key 'means'" in shown(capsys)
