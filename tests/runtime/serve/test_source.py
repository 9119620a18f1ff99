"""Images from elsewhere are answered line by line."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np

from runtime.serve.limits import Limits
from runtime.serve.served_bundle import ServedBundle
from runtime.serve.serving import Serving
from runtime.serve.source import Frame, answer_source
from tests.tiny_cascade import CLASSES, random_images

from .serving_doubles import Settled, leaving_at, request, scripted


class Frames:
    """A source of given frames."""

    def __init__(self, *frames: Frame) -> None:
        self._frames = frames

    def frames(self, _: threading.Event) -> Iterator[Frame]:
        yield from self._frames


def lines(serving: Serving, *frames: Frame, stop: threading.Event | None = None) -> list[Any]:
    told: list[str] = []
    answer_source(Frames(*frames), serving, told.append, stop or threading.Event(), wait=lambda _: None)
    return [json.loads(line) for line in told]


def test_each_image_is_answered_with_one_line_in_order(served: ServedBundle) -> None:
    serving = Serving(served)
    told = lines(serving, *(Frame(f"{i}.png", image) for i, image in enumerate(random_images(3))))
    serving.drain(5.0)
    assert [line["source"] for line in told] == ["0.png", "1.png", "2.png"]
    assert all(line["class"] in CLASSES and line["energy_kind"] == "simulated" for line in told)
    assert serving.recorder.recorded().requests == 3


def test_an_image_that_cannot_be_read_or_does_not_fit_is_told_and_the_next_one_answered(served: ServedBundle) -> None:
    serving = Serving(served)
    wrong = np.zeros((3, 3, 3), dtype=np.uint8)
    told = lines(serving, Frame("a", None, "it is no picture"), Frame("b", wrong), Frame("c", random_images(1)[0]))
    serving.drain(5.0)
    assert told[0] == {"source": "a", "error": "it is no picture"}
    assert "the image is (3, 3, 3)" in told[1]["error"]
    assert "class" in told[2]


def test_a_failed_inference_is_told(served: ServedBundle) -> None:
    bundle, _ = scripted(served)
    serving = Serving(bundle)
    told = lines(serving, Frame("a", leaving_at(99)[0]))
    serving.drain(5.0)
    assert "not finite" in told[0]["error"]


def test_requests_go_before_while_the_queue_is_full(served: ServedBundle) -> None:
    bundle, cascade = scripted(served)
    cascade.hold.clear()
    serving, settled, waits = Serving(bundle, limits=Limits(queue_images=1)), Settled(), []
    serving.submit(request(leaving_at(0)), bundle, settled)
    assert cascade.entered.wait(5.0)
    serving.submit(request(leaving_at(0)), bundle, settled)

    def wait(span_s: float) -> None:
        waits.append(span_s)
        cascade.hold.set()
        settled.wait(2)

    told: list[str] = []
    answer_source(Frames(Frame("a", leaving_at(1)[0])), serving, told.append, threading.Event(), wait=wait)
    serving.drain(5.0)
    assert len(waits) >= 1
    assert json.loads(told[0])["exit_index"] == 1


def test_a_server_that_stops_does_not_wait_for_room(served: ServedBundle) -> None:
    serving, stop = Serving(served), threading.Event()
    serving.drain(5.0)
    stop.set()
    told = lines(serving, Frame("a", random_images(1)[0]), stop=stop)
    assert "stopping" in told[0]["error"]
