"""`--provider` of `run` and `serve`."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path

import pytest

from runtime.commands.provider_argument import add_provider, provider_of, providers_text
from runtime.engine.provider import ON_CPU
from tests import ort_double
from tests.ort_double import OrtDouble, use
from tests.runtime.commands.conftest import Outcome

Call = Callable[..., Outcome]


def test_the_cpu_is_what_runs_unless_asked() -> None:
    parser = ArgumentParser()
    add_provider(parser)
    assert provider_of(parser.parse_args([]).provider, Path("/nowhere")) is ON_CPU


def test_engines_are_kept_under_the_install_root() -> None:
    provider = provider_of("tensorrt", Path("/root"), print)
    assert provider.builder is not None
    assert provider.builder.report is print
    assert (provider.name, provider.engines) == ("tensorrt", Path("/root/engine_cache"))
    assert provider.site is not None


def test_what_was_taken_is_said_in_words() -> None:
    assert providers_text(["tensorrt", "cuda", "tensorrt"]) == "TensorRT by ONNX Runtime and CUDA"
    assert providers_text(["tensorrt-native"]) == "TensorRT"
    assert providers_text(["XnnpackExecutionProvider"]) == "XnnpackExecutionProvider"


def test_a_replay_says_what_it_ran_on(
    call: Call, bundle: Path, labelled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    call("install", bundle)
    use(monkeypatch, OrtDouble(absent=[ort_double.TENSORRT]))
    on = call("run", "--data", labelled, "--provider", "auto", "--json").json()["found"]["latency_p99_s"]["on"]
    assert " on CUDA, threads: 1" in on


def test_asking_for_what_is_not_here_is_an_error(
    call: Call, bundle: Path, labelled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    call("install", bundle)
    use(monkeypatch, OrtDouble([ort_double.CPU]))
    outcome = call("run", "--data", labelled, "--provider", "cuda")
    assert outcome.status == 2
    assert "this ONNX Runtime was built without cuda: it has CPUExecutionProvider" in outcome.err
