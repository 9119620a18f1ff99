"""codesign/commands/benchmark.py"""

from __future__ import annotations

from argparse import ArgumentParser

import pytest

from codesign.commands import benchmark


def parser() -> ArgumentParser:
    made = ArgumentParser()
    benchmark.add_arguments(made)
    return made


@pytest.mark.parametrize("name", benchmark.BENCHMARKS)
def test_every_benchmark_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        parser().parse_args([name, "--help"])
    assert len(capsys.readouterr().out) > 300


def test_a_benchmark_must_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        parser().parse_args([])
    assert "BENCHMARK" in capsys.readouterr().err


def test_the_benchmark_that_was_named_is_run() -> None:
    args = parser().parse_args(["board-model", "--csv", "x.csv", "--train-fraction", "0.5"])
    args.run_benchmark = lambda given: 7 if given is args else 8
    assert benchmark.run(args) == 7
