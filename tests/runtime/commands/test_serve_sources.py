"""Pictures from a folder and a camera, answered on stdout."""

from __future__ import annotations

import json
import threading
import time
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from runtime.commands import serve_sources
from runtime.commands.serve_sources import start_sources
from runtime.contract.errors import ConfigError
from runtime.serve.limits import Limits
from runtime.serve.served_bundle import load
from runtime.serve.serving import Serving

image = pytest.importorskip("PIL.Image", reason="pictures need Pillow")


@pytest.fixture
def serving(bundle: Path) -> Iterator[Serving]:
    made = Serving(load(bundle, Limits()))
    yield made
    made.drain(5.0)


def answered(serving: Serving, args: Namespace, count: int) -> tuple[list[str], threading.Event]:
    """Start the sources and wait for so many answers; what was reported, and what stops them."""
    stop, reports = threading.Event(), []  # type: ignore[var-annotated]
    start_sources(args, serving, stop, reports.append)
    for _ in range(1000):
        if serving.recorder.recorded().requests >= count and (count or reports):
            break
        time.sleep(0.01)
    stop.set()
    for thread in threading.enumerate():
        if thread.name == "source":
            thread.join(5.0)
    return reports, stop


def test_pictures_in_a_folder_are_answered(
    serving: Serving, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    watched = tmp_path / "watched"
    watched.mkdir()
    image.fromarray(np.zeros((9, 9, 3), dtype=np.uint8)).save(watched / "a.png")
    answered(serving, Namespace(watch=watched, camera=None), 1)
    assert json.loads(capsys.readouterr().out)["source"] == "a.png"


def test_pictures_of_a_camera_are_brought_to_the_bundles_size(
    serving: Serving, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = np.zeros((48, 64, 3), dtype=np.uint8)

    def read() -> Any:
        time.sleep(0.002)
        return True, picture

    capture: Any = SimpleNamespace(isOpened=lambda: True, read=read, release=lambda: None)
    monkeypatch.setattr(serve_sources, "open_camera", lambda _: capture)
    answered(serving, Namespace(watch=None, camera=0), 2)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["source"] for line in lines[:2]] == ["camera 0:0", "camera 0:1"]
    assert all("class" in line for line in lines[:2])


def test_a_source_that_breaks_is_reported_and_the_server_goes_on(
    serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    capture: Any = SimpleNamespace(isOpened=lambda: True, read=lambda: (False, None), release=lambda: None)
    monkeypatch.setattr(serve_sources, "open_camera", lambda _: capture)
    reports, _ = answered(serving, Namespace(watch=None, camera=3), 0)
    assert reports == ["a source ended: camera 3 gives no pictures any more"]


def test_a_folder_that_is_not_there_stops_the_start(serving: Serving, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no folder"):
        start_sources(Namespace(watch=tmp_path / "none", camera=None), serving, threading.Event(), print)


def test_without_sources_nothing_is_started(serving: Serving) -> None:
    before = threading.active_count()
    start_sources(Namespace(watch=None, camera=None), serving, threading.Event(), print)
    assert threading.active_count() == before
