"""A compilation on a cluster is the same compilation."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from pathlib import Path

import pytest

from codesign.commands.cluster import (
    COMPILE,
    ENVIRONMENT,
    FIT,
    TOKENS,
    add_ray_argument,
    boards_of,
    prepare_ray,
    workplace_of,
)
from codesign.commands.main import main
from codesign.scale.workplace import Workplace
from codesign.walk.measure_target import measure_target
from runtime.contract.errors import ConfigError
from tests.codesign.small_run import SmallRun, without_the_moment


@pytest.mark.slow
def test_a_compilation_on_a_cluster_comes_to_the_same_results_and_the_same_bundle(
    finished_run: SmallRun, new_run: SmallRun, cluster: Workplace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cluster is not None  # `--ray local` finds this process connected, and uses that
    assert new_run("--ray", "local") == 0
    assert without_the_moment(new_run.results) == without_the_moment(finished_run.results)
    for path in sorted(path for path in (finished_run.out / "bundle").rglob("*") if path.is_file()):
        again = new_run.out / "bundle" / path.relative_to(finished_run.out / "bundle")
        assert again.read_bytes() == path.read_bytes(), path
    assert "backbones with heads of their own" not in capsys.readouterr().out


def test_without_the_option_there_is_no_cluster() -> None:
    with workplace_of(None) as workplace:
        assert workplace is None


def test_a_wrong_address_is_refused_before_anything_starts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["compile", "--data", "digits", "--board", "orin-nano-super", "--out", str(tmp_path / "out")]
    assert main([*arguments, "--ray", "nowhere"]) == 2
    assert "'nowhere' is no address of a Ray cluster\n  where: --ray" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    with pytest.raises(ConfigError, match="no address"), workplace_of("nowhere"):
        pass


@pytest.mark.parametrize("what_for", [COMPILE, FIT])
def test_the_help_says_how_a_board_is_offered(what_for: str) -> None:
    parser = ArgumentParser()
    add_ray_argument(parser, what_for)
    assert """ray start --resources='{"board:ssh://USER@HOST": 1}'""" in " ".join(parser.format_help().split())


def test_boards_of_a_cluster_are_those_reached_by_ssh() -> None:
    assert boards_of(measure_target("ssh://me@board:2222/opt/edge-runtime")) == ["ssh://me@board:2222"]
    assert boards_of(measure_target("local")) == []
    assert boards_of(None) == []


def test_a_fit_without_a_board_needs_no_cluster(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["fit", "--space", "resnet", "--board", "tx2", "--out", str(tmp_path / "fit"), "--ray", "auto"]
    assert main(arguments) == 2
    assert "--ray reaches boards, and none is measured\n  to do: give --measure ssh://" in capsys.readouterr().err


@pytest.fixture
def nothing_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A user who has told Ray nothing, and has no token."""
    for name in (*ENVIRONMENT, *TOKENS, "RAY_AUTH_MODE"):
        monkeypatch.setenv(name, "anything")  # so that what is set below is taken back
        monkeypatch.delenv(name)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)


@pytest.mark.usefixtures("nothing_told")
def test_ray_reports_nothing_unless_the_user_lets_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "1")
    prepare_ray("head:6379")
    assert os.environ["RAY_USAGE_STATS_ENABLED"] == "1"
    assert os.environ["RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO"] == "0"
    assert "RAY_AUTH_MODE" not in os.environ


@pytest.mark.usefixtures("nothing_told")
@pytest.mark.parametrize("where", ["in a file", *TOKENS])
def test_the_token_that_there_is_is_shown_to_the_cluster(
    where: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if where == "in a file":
        (tmp_path / ".ray").mkdir()
        (tmp_path / ".ray" / "auth_token").write_text("secret")
    else:
        monkeypatch.setenv(where, "secret")
    prepare_ray("local")
    assert "RAY_AUTH_MODE" not in os.environ  # Ray sees to that itself
    prepare_ray("head:6379")
    assert os.environ["RAY_AUTH_MODE"] == "token"
