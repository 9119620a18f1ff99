"""`codesign compile` under limits: every mode keeps to them; what cannot be met is named. And taking over a run."""

from __future__ import annotations

import json
import re

import pytest

from tests.codesign.small_run import SmallRun

ASKED = ("--max-p99-latency-ms", "0.34", "--max-energy-mj", "4", "--max-size-mb", "0.15", "--max-memory-mb", "0.3")


def shown(capsys: pytest.CaptureFixture[str]) -> str:
    """stderr as one line, however it was wrapped."""
    return " ".join(capsys.readouterr().err.split())


def test_every_mode_keeps_to_every_limit_and_its_files_to_the_size(new_run: SmallRun) -> None:
    assert new_run(*ASKED, "--min-throughput", "2000", "--batch", "4", "--leave-out-clocks", "gpu=306-408,emc=204") == 0
    results = new_run.results
    rows = results["limits"]
    modes = [mode["name"] for mode in results["modes"]]
    assert [row["mode"] for row in rows] == modes * 5
    for row in rows:
        assert row["select"] >= row["asked"] if row["at_least"] else row["select"] <= row["asked"]
    sizes = {row["mode"]: row["test"] for row in rows if row["option"] == "--max-size-mb"}
    for mode in results["modes"]:
        assert not 300e6 < mode["operating_point"]["gpu_hz"] < 410e6
        written = sum(file.stat().st_size for file in (new_run.out / "bundle").rglob(f"*{mode['design']}*/**/*.onnx"))
        assert written <= 150_000
        assert sizes[mode["name"]] == pytest.approx(written, rel=0.05)


def test_what_no_design_can_meet_is_refused_before_the_supernet_is_trained(
    new_run: SmallRun, capsys: pytest.CaptureFixture[str]
) -> None:
    assert new_run("--max-p99-latency-ms", "0.05") == 2
    said = shown(capsys)
    assert re.search(r"no design: latency p99 ≤ 0\.05 ms on orin-nano-super gpu.* has [\d.]+ ms", said)
    assert "raise --max-p99-latency-ms to" in said
    assert "Supernet" not in said


def test_limits_that_exclude_each_other_are_named_with_what_there_is_without_them(
    new_run: SmallRun, capsys: pytest.CaptureFixture[str]
) -> None:
    assert new_run("--max-p99-latency-ms", "0.28", "--min-accuracy", "0.999") == 2
    said = shown(capsys)
    assert re.search(
        r"no design: accuracy on select ≥ 0\.999; the nearest has [\d.]+; without that limit \d+ design", said
    )
    assert not (new_run.out / "bundle").exists()


def test_a_folder_without_an_archive_and_one_design_for_a_single_board_are_refused_at_once(
    new_run: SmallRun, capsys: pytest.CaptureFixture[str]
) -> None:
    assert new_run("--from", str(new_run.cache)) == 2
    assert "holds no archive of evaluations where: --from" in shown(capsys)
    assert new_run("--one-design", "mean") == 2
    assert "--one-design is for several boards" in shown(capsys)


def test_another_board_takes_over_what_was_evaluated(
    finished_run: SmallRun, new_run: SmallRun, capsys: pytest.CaptureFixture[str]
) -> None:
    assert new_run("--board", "tx2", "--from", str(finished_run.out)) == 0
    captured = capsys.readouterr()
    said = " ".join(captured.err.split())
    assert "Shared heads taken from" in said
    assert "evaluated backbones and" in said
    assert json.loads(captured.out)["bundle"] == str(new_run.out / "bundle")
