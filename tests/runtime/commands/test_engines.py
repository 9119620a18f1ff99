"""`edge-runtime engines`, and what `install` does of it. Not yet run on a board: these speak to a double."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from codesign.bundle.sign import new_key, sign, sign_engines
from runtime.contract.bundle_files import TRUSTED_KEYS
from runtime.engine import engine_builder
from tests.closed_stages import write_closed_bundle
from tests.runtime.commands.conftest import Outcome
from tests.trt_double import V8, TensorRtDouble, builds_here, use

Call = Callable[..., Outcome]
STAGES = 3


@pytest.fixture(scope="module")
def _written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("closed") / "bundle"
    write_closed_bundle(folder)
    return folder


@pytest.fixture
def bundle(_written: Path, tmp_path: Path) -> Path:
    """Three stages that TensorRT can build."""
    return Path(shutil.copytree(_written, tmp_path / "bundle"))


@pytest.fixture
def on_board(monkeypatch: pytest.MonkeyPatch) -> TensorRtDouble:
    """TensorRT is here, and so is its builder."""
    monkeypatch.setattr(engine_builder, "PROGRAM", builds_here(monkeypatch))
    return use(monkeypatch, TensorRtDouble())


def dies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_builder, "PROGRAM", ("/bin/sh", "-c", "echo out of memory >&2; kill -9 $$"))


def test_installing_builds_what_is_missing_once(call: Call, bundle: Path, on_board: TensorRtDouble) -> None:
    first = call("install", bundle)
    assert first.status == 0
    assert f"engines: {STAGES} stages, 0 had one, {STAGES} built, 0 failed" in first.err
    assert f"engines: {STAGES} stages, {STAGES} had one, 0 built, 0 failed" in call("install", bundle).err
    listed = call("engines", "list", "--json").json()["engines"]
    assert len(listed) == STAGES
    assert all(row["needed"] and row["card"]["origin"] == "built here" for row in listed)
    assert call("engines", "prune", "--max-mb", "0", "--json").json() == {"removed": []}
    assert "used by an installed bundle" in call("engines", "list").out
    assert on_board.engines == 0  # nothing was loaded for that


def test_a_replay_then_runs_on_tensorrt_and_builds_nothing(
    call: Call, bundle: Path, labelled: Path, on_board: TensorRtDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    call("install", bundle)
    dies(monkeypatch)
    found = call("run", "--data", labelled, "--provider", "tensorrt-native", "--json").json()["found"]
    on_cpu = call("run", "--data", labelled, "--json").json()["found"]
    assert " on " not in found["latency_p99_s"]["on"]
    assert "; TensorRT, threads: 1" in found["latency_p99_s"]["on"]
    assert found["accuracy"]["value"] == on_cpu["accuracy"]["value"]
    assert on_board.engines == 2  # those of the default mode


@pytest.mark.usefixtures("on_board")
def test_a_stage_without_an_engine_is_no_obstacle_unless_it_must(
    call: Call, bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dies(monkeypatch)
    refused = call("install", bundle, "--engines", "must")
    assert refused.status == 2
    assert "3 of 3 stages have no engine" in refused.err
    assert "ended by signal 9 (the kernel ends what takes too much memory with signal 9): out of memory" in refused.err
    assert call("status").status != 0 or "nothing" in call("status").out
    assert call("install", bundle).status == 0
    assert call("engines", "build").status == 1


def test_without_tensorrt_a_bundle_is_installed_all_the_same(call: Call, bundle: Path) -> None:
    done = call("install", bundle)
    assert (done.status, done.err) == (0, "")
    asked = call("engines", "build")
    assert asked.status == 2
    assert "CUDA" in asked.err  # no runtime, or no GPU


@pytest.mark.usefixtures("on_board")
def test_engines_can_be_left_to_the_first_start(call: Call, bundle: Path) -> None:
    assert call("install", bundle, "--engines", "no").err == ""
    assert call("engines", "list").out.startswith("0 engines")


@pytest.mark.usefixtures("on_board")
def test_what_nothing_installed_uses_is_pruned_the_longest_unused_first(call: Call, bundle: Path) -> None:
    call("engines", "build", bundle)
    assert "used by nothing installed" in call("engines", "list").out
    assert "1 engines removed" not in call("engines", "prune").out
    assert call("engines", "prune", "--max-mb", "0").out.startswith("3 engines removed")
    for wrong in ("-1", "inf", "nan"):
        assert call("engines", "prune", "--max-mb", wrong).status == 2


@pytest.mark.usefixtures("on_board")
def test_engines_of_another_version_of_tensorrt_are_built_anew_and_the_old_ones_may_go(
    call: Call, bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    call("install", bundle)
    use(monkeypatch, TensorRtDouble(V8))
    assert "3 built" in call("engines", "build").out
    assert len(call("engines", "prune", "--max-mb", "0", "--json").json()["removed"]) == STAGES
    kept = call("engines", "list", "--json").json()["engines"]
    assert {row["card"]["key"]["site"]["tensorrt"] for row in kept} == {V8}


@pytest.mark.usefixtures("on_board")
def test_a_limit_with_which_nothing_is_built_is_refused(call: Call) -> None:
    outcome = call("engines", "build", "--max-seconds", "0")
    assert outcome.status == 2
    assert "--max-seconds must be above 0" in outcome.err


@pytest.mark.usefixtures("on_board")
@pytest.mark.parametrize("trusted", [True, False])
def test_engines_that_a_bundle_brings_are_used_where_a_trusted_key_signed_them(
    trusted: bool, call: Call, bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("cryptography")
    call("engines", "build", bundle, "--out", bundle / "engines")
    key = tmp_path / "fleet.key"
    new_key(key)
    sign(bundle, key)
    assert sign_engines(bundle, key) == STAGES
    dies(monkeypatch)
    if not trusted:
        outcome = call("install", bundle)
        assert "not taken over from the bundle" in outcome.err
        assert "put the signer's public key into ROOT/trusted_keys" in outcome.err
        assert "3 failed" in outcome.err
        return
    (tmp_path / "root" / TRUSTED_KEYS).mkdir(parents=True)
    shutil.copy(tmp_path / "fleet.key.pub", tmp_path / "root" / TRUSTED_KEYS)
    outcome = call("install", bundle)
    assert "engines: 3 came with the bundle, signed by a key that is trusted here" in outcome.err
    assert "3 stages, 3 had one, 0 built, 0 failed" in outcome.err
