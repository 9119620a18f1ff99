"""Minutes to an OpenTelemetry collector, beside another way out of the same spool."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runtime.contract.telemetry_batch import AGGREGATE, EVENT
from runtime.telemetry.otlp_uplink import OtlpUplink
from runtime.telemetry.spool import Spool, Spooled
from runtime.telemetry.spool_reader import SpoolReader
from runtime.telemetry.uplink import Shipper, Shipping, UplinkFailed

from .receiver import Receiver, receiving

OFTEN = Shipping(every_s=60.0, most_bytes_per_s=1e9)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as server:
        yield server


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    with Spool(tmp_path / "spool", "d1", "b1", "orin-nano") as spool:
        spool.read_also_by({"otlp": AGGREGATE})
        for minute in (1, 2):
            spool.append(
                AGGREGATE,
                {"at_us": [minute * 60_000_000], "seconds_us": [60_000_000], "mode": ["m"], "exits": ["5,7"]},
                1_790_000_000_000_000,
            )
            spool.append(EVENT, {"name": ["started"]}, 0)
        yield spool


def times(body: bytes) -> list[str]:
    """When the minutes of a request ended, in nanoseconds."""
    told: Any = json.loads(gzip.decompress(body))
    (metric,) = told["resourceMetrics"][0]["scopeMetrics"][0]["metrics"]
    return [point["timeUnixNano"] for point in metric["sum"]["dataPoints"] if point["attributes"][-1]["value"] == EXIT]


EXIT = {"intValue": "0"}
FIRST, SECOND = "1790000060000000000", "1790000120000000000"


def test_minutes_are_posted_as_otlp_asks_and_nothing_else_is(receiver: Receiver, spool: Spool) -> None:
    uplink = OtlpUplink(receiver.url, "1.0", token="secret")  # noqa: S106 (a test's)
    waiting = spool.waiting(1 << 20)
    assert uplink.send(waiting) == [item.id for item in waiting]
    uplink.close()
    assert receiver.paths == ["/v1/metrics"]
    (asked,) = receiver.asked
    assert (asked["content-type"], asked["content-encoding"]) == ("application/json", "gzip")
    assert asked["authorization"] == "Bearer secret"
    assert times(receiver.bodies[0]) == [FIRST, SECOND]
    assert uplink.name == receiver.url


def test_events_alone_are_not_worth_a_request(receiver: Receiver, spool: Spool) -> None:
    events = [item for item in spool.waiting(1 << 20) if item.row_class == EVENT]
    assert OtlpUplink(receiver.url, "1.0").send(events) == [item.id for item in events]
    assert receiver.bodies == []


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 502, 503, 504])
def test_what_may_be_mended_is_tried_again(receiver: Receiver, spool: Spool, status: int) -> None:
    receiver.status, receiver.headers = status, {"Retry-After": "30"}
    uplink = OtlpUplink(receiver.url, "1.0")
    with pytest.raises(UplinkFailed, match=f"answered {status}") as failed:
        uplink.send(spool.waiting(1 << 20))
    assert failed.value.wait_s == 30.0
    assert uplink.refused_points == 0


@pytest.mark.parametrize("status", [400, 413, 422])
def test_what_is_called_invalid_is_counted_and_passed_over(receiver: Receiver, spool: Spool, status: int) -> None:
    receiver.status = status
    uplink = OtlpUplink(receiver.url, "1.0")
    assert len(uplink.send(spool.waiting(1 << 20))) == 4
    assert uplink.refused_points == 2
    uplink.close()


@pytest.mark.parametrize(
    ("answer", "refused"),
    [
        (b'{"partialSuccess": {"rejectedDataPoints": "3", "errorMessage": "too old"}}', 3),
        (b'{"partialSuccess": {}}', 0),
        (b"", 0),
        (b"[]", 0),
        (b"\x0a\x00", 0),
        (b'{"partialSuccess": {"rejectedDataPoints": null}}', 0),
    ],
)
def test_what_is_taken_in_part_is_not_sent_again_but_counted(
    receiver: Receiver, spool: Spool, answer: bytes, refused: int
) -> None:
    receiver.answer = answer
    uplink = OtlpUplink(receiver.url, "1.0")
    assert len(uplink.send(spool.waiting(1 << 20))) == 4
    assert uplink.refused_points == refused
    uplink.close()


def test_a_damaged_payload_is_passed_over(receiver: Receiver) -> None:
    assert OtlpUplink(receiver.url, "1.0").send([Spooled(7, AGGREGATE, "b1", 0, 1, b"damaged")]) == [7]
    assert receiver.bodies == []


class Elsewhere:
    """The way out that everything takes."""

    name = "elsewhere"

    def send(self, payloads: Any) -> Any:
        return [item.id for item in payloads]

    def close(self) -> None:
        """Nothing is held."""


def test_both_ways_out_get_every_minute_whichever_is_first_and_however_the_line_behaves(
    receiver: Receiver, spool: Spool
) -> None:
    other = Shipper(spool, Elsewhere(), OFTEN)
    otlp = Shipper(SpoolReader(spool, "otlp"), OtlpUplink(receiver.url, "1.0"), OFTEN, seed=0)
    receiver.status = 503
    otlp.step()
    other.step()
    assert spool.waiting(1 << 20) == []  # of the first way out nothing is left
    assert spool.state().rows == {AGGREGATE: 0}  # and yet minutes are kept for the other
    assert otlp.state.failures == 1
    receiver.status = 200
    otlp.step()
    assert times(receiver.bodies[-1]) == [FIRST, SECOND]
    assert spool.state().rows == {}
    assert (other.state.sent_rows, otlp.state.sent_rows) == (4, 2)
    spool.append(AGGREGATE, {"at_us": [180_000_000], "seconds_us": [60_000_000], "exits": ["1"]}, 0)
    otlp.step()
    assert len(spool.waiting(1 << 20)) == 1  # what OTLP has taken, the other way out still takes
    other.step()
    assert spool.state().rows == {}
    otlp.close()
