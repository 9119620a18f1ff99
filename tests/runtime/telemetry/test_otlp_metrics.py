"""What is exported must be what OpenTelemetry's own definition of the protocol reads."""

from __future__ import annotations

from typing import Any

import pytest

from runtime.contract.telemetry_batch import AGGREGATE, COLUMNS, TelemetryBatch, Value
from runtime.telemetry.otlp_metrics import IMAGES, METRICS, export_request

json_format = pytest.importorskip("google.protobuf.json_format", reason="needs protobuf")
metrics_service = pytest.importorskip(
    "opentelemetry.proto.collector.metrics.v1.metrics_service_pb2", reason="needs opentelemetry-proto"
)
WALL_US = 1_790_000_000_000_000
MINUTE_US = 60_000_000
ROW: dict[str, Value] = {
    "at_us": 90_000_000,
    "seconds_us": MINUTE_US,
    "bundle_id": "b7",
    "mode": "balanced",
    "exits": "100,20,3",
    "images": 123,
    "refused": 2,
    "entropy_unats": 4_500_000,
    "run_us": 1_500_000,
    "latency_us": 2_000_000,
    "latency_most_us": 30_000,
    "energy_uj": 7_000_000,
    "energy_images": 120,
    "energy_kind": "measured",
    "board_uj": 300_000_000,
    "promised_uj": 6_000_000,
    "promised_us": 1_400_000,
    "temperature_mc": 61_500,
    "throttled": 1,
}


def batch(*rows: dict[str, Value], boot: str = "boot", wall_us: int = WALL_US) -> TelemetryBatch:
    columns = {name: [{**ROW, **row}.get(name) for row in rows] for name in COLUMNS[AGGREGATE]}
    return TelemetryBatch(AGGREGATE, "d1", boot, "orin-nano", 0, wall_us, columns)


def parsed(*batches: TelemetryBatch) -> Any:
    """By the protocol's own definition; unknown or misspelt keys are errors."""
    return json_format.Parse(export_request(batches, "1.2"), metrics_service.ExportMetricsServiceRequest())


def attributes(message: Any) -> dict[str, Any]:
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in message.attributes}


def points(request: Any, name: str) -> list[tuple[dict[str, Any], float]]:
    found: list[tuple[dict[str, Any], float]] = []
    for resource in request.resource_metrics:
        for metric in resource.scope_metrics[0].metrics:
            if metric.name == name:
                told = getattr(metric, metric.WhichOneof("data")).data_points
                found += [(attributes(point), getattr(point, point.WhichOneof("value"))) for point in told]
    return found


def test_a_minute_is_read_by_the_protocols_own_definition() -> None:
    request = parsed(batch({}))
    (resource,) = request.resource_metrics
    assert attributes(resource.resource) == {
        "service.name": "edge-runtime",
        "service.version": "1.2",
        "service.instance.id": "d1",
        "device.id": "d1",
        "device.model.identifier": "orin-nano",
        "edge_runtime.boot.id": "boot",
    }
    (scope,) = resource.scope_metrics
    assert [metric.name for metric in scope.metrics] == [IMAGES.name, *(metric.name for metric in METRICS)]
    mode = {"bundle_id": "b7", "mode": "balanced"}
    assert points(request, "edge_runtime.images") == [
        ({**mode, "exit": 0}, 100),
        ({**mode, "exit": 1}, 20),
        ({**mode, "exit": 2}, 3),
    ]
    assert points(request, "edge_runtime.energy") == [({**mode, "kind": "measured"}, pytest.approx(7.0))]
    assert points(request, "edge_runtime.temperature.max") == [({}, pytest.approx(61.5))]
    assert points(request, "edge_runtime.requests.refused") == [({}, 2)]


def test_sums_are_of_delta_temporality_from_the_minutes_beginning_to_its_end() -> None:
    (metric, *_) = parsed(batch({})).resource_metrics[0].scope_metrics[0].metrics
    assert metric.unit == "{image}"
    assert metric.sum.is_monotonic
    assert metric.sum.aggregation_temporality == 1  # AGGREGATION_TEMPORALITY_DELTA
    point = metric.sum.data_points[0]
    assert point.time_unix_nano == (90_000_000 + WALL_US) * 1000
    assert point.time_unix_nano - point.start_time_unix_nano == MINUTE_US * 1000


def test_what_is_not_known_has_no_data_point() -> None:
    unknown: dict[str, Value] = {"energy_uj": None, "energy_kind": None, "board_uj": None, "temperature_mc": None}
    request = parsed(batch(unknown, {**unknown, "at_us": None}))
    assert points(request, "edge_runtime.energy") == []
    assert points(request, "edge_runtime.board.energy") == []
    assert points(request, "edge_runtime.temperature.max") == []
    assert len(points(request, "edge_runtime.run.time")) == 1  # the row without a time is of no time


def test_two_modes_of_a_minute_tell_what_is_the_boards_once() -> None:
    request = parsed(batch({}, {"mode": "frugal"}))
    assert points(request, "edge_runtime.requests.refused") == [({}, 2)]
    assert len(points(request, "edge_runtime.run.time")) == 2


def test_one_mode_metered_in_two_ways_is_one_stream_with_one_point() -> None:
    request = parsed(batch({}, {"energy_kind": None, "energy_uj": None, "energy_images": 0, "latency_most_us": 50_000}))
    ((_, run_s),) = points(request, "edge_runtime.run.time")
    assert run_s == pytest.approx(3.0)
    ((_, most_s),) = points(request, "edge_runtime.latency.max")
    assert most_s == pytest.approx(0.05)


def test_each_boot_is_a_resource_of_its_own() -> None:
    request = parsed(batch({}), batch({}, boot="next"), batch({"at_us": 150_000_000}))
    assert [attributes(each.resource)["edge_runtime.boot.id"] for each in request.resource_metrics] == ["boot", "next"]
    assert len(points(request, "edge_runtime.run.time")) == 3


def test_a_clock_before_1970_is_of_no_use() -> None:
    assert points(parsed(batch({}, wall_us=-(10**15))), "edge_runtime.run.time") == []
