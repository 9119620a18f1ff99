"""Minutes of telemetry as OpenTelemetry metrics: an ExportMetricsServiceRequest in OTLP's JSON encoding.

A minute's sums become data points of delta temporality, from its beginning to its end as the device's clock had it;
what a minute has the most of becomes a gauge. What is not known has no data point. In OTLP's JSON, keys are in camel
case, whole numbers of 64 bits are strings and enumerations are numbers (opentelemetry.io/docs/specs/otlp, "JSON
Protobuf Encoding").
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from runtime.contract.telemetry_batch import TelemetryBatch, Value

SCOPE = "edge-runtime"
DELTA = 1  # AGGREGATION_TEMPORALITY_DELTA
MICRO, MILLI = 1e-6, 1e-3
US_NS = 1000
Attributes = tuple[tuple[str, str | int], ...]


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric, and the column of class `aggregate` that it is made of."""

    name: str
    unit: str  # of UCUM, as OpenTelemetry asks for
    column: str
    scale: float | None = None  # to that unit; None: a count
    is_sum: bool = True  # else the most that was seen
    of_mode: bool = True  # else of the whole board, told once a minute whatever the number of modes
    by_energy_kind: bool = False


IMAGES = Metric("edge_runtime.images", "{image}", "exits")
METRICS = (
    Metric("edge_runtime.run.time", "s", "run_us", MICRO),
    Metric("edge_runtime.latency.time", "s", "latency_us", MICRO),
    Metric("edge_runtime.latency.max", "s", "latency_most_us", MICRO, is_sum=False),
    Metric("edge_runtime.entropy", "{nat}", "entropy_unats", MICRO),
    Metric("edge_runtime.energy", "J", "energy_uj", MICRO, by_energy_kind=True),
    Metric("edge_runtime.energy.images", "{image}", "energy_images", by_energy_kind=True),
    Metric("edge_runtime.promised.energy", "J", "promised_uj", MICRO),
    Metric("edge_runtime.promised.time", "s", "promised_us", MICRO),
    Metric("edge_runtime.board.energy", "J", "board_uj", MICRO, of_mode=False),
    Metric("edge_runtime.requests.refused", "{request}", "refused", of_mode=False),
    Metric("edge_runtime.temperature.max", "Cel", "temperature_mc", MILLI, is_sum=False, of_mode=False),
    Metric("edge_runtime.throttle.events", "{event}", "throttled", is_sum=False, of_mode=False),
)


@dataclass(slots=True)
class _Points:
    """Of one metric: values by their attributes, first and last nanosecond. A stream has one point at a time."""

    metric: Metric
    values: dict[tuple[Attributes, int, int], int] = field(default_factory=dict)

    def add(self, attributes: Attributes, start_ns: int, end_ns: int, value: int) -> None:
        """Rows of one mode that are metered in different ways are one stream where their attributes are alike."""
        key, metric = (attributes, start_ns, end_ns), self.metric
        before = self.values.get(key)
        if before is None:
            self.values[key] = value
        elif metric.of_mode:
            self.values[key] = before + value if metric.is_sum else max(before, value)

    def to_json(self) -> dict[str, Any]:
        """As a Metric."""
        points = []
        for (attributes, start_ns, end_ns), value in self.values.items():
            scale = self.metric.scale
            number = {"asInt": str(value)} if scale is None else {"asDouble": value * scale}
            points.append(
                {
                    "attributes": _attributes(attributes),
                    "startTimeUnixNano": str(start_ns),
                    "timeUnixNano": str(end_ns),
                    **number,
                }
            )
        kind = (
            {"sum": {"dataPoints": points, "aggregationTemporality": DELTA, "isMonotonic": True}}
            if self.metric.is_sum
            else {"gauge": {"dataPoints": points}}
        )
        return {"name": self.metric.name, "unit": self.metric.unit, **kind}


def export_request(batches: Sequence[TelemetryBatch], version: str) -> bytes:
    """The body of a request: one resource per device and boot.

    Args:
        batches: of class `aggregate`.
        version: of this program.
    """
    by_boot: dict[tuple[str, str, str], list[TelemetryBatch]] = {}
    for batch in batches:
        by_boot.setdefault((batch.device_id, batch.boot_id, batch.board), []).append(batch)
    told = [
        {
            "resource": {"attributes": _attributes(_resource(*boot, version))},
            "scopeMetrics": [{"scope": {"name": SCOPE, "version": version}, "metrics": _metrics(mine)}],
        }
        for boot, mine in by_boot.items()
    ]
    return json.dumps({"resourceMetrics": told}, separators=(",", ":"), ensure_ascii=False).encode()


def _resource(device_id: str, boot_id: str, board: str, version: str) -> Attributes:
    return (
        ("service.name", SCOPE),
        ("service.version", version),
        ("service.instance.id", device_id),
        ("device.id", device_id),
        ("device.model.identifier", board),
        ("edge_runtime.boot.id", boot_id),
    )


def _metrics(batches: Iterable[TelemetryBatch]) -> list[dict[str, Any]]:
    images, others = _Points(IMAGES), [_Points(metric) for metric in METRICS]
    for batch in batches:
        for row in _rows(batch):
            end_us, seconds_us = row["at_us"], row["seconds_us"]
            if not isinstance(end_us, int) or not isinstance(seconds_us, int):
                continue  # nobody knows when that was
            end_ns = (end_us + batch.wall_offset_us) * US_NS
            start_ns = end_ns - seconds_us * US_NS
            if start_ns < 0:
                continue  # OTLP's times have no sign: a clock that was never set
            mode: Attributes = tuple((name, str(row[name])) for name in ("bundle_id", "mode") if row[name] is not None)
            for exit_index, taken in enumerate(_counts(row["exits"])):
                images.add((*mode, ("exit", exit_index)), start_ns, end_ns, taken)
            kind = row["energy_kind"]
            energy = mode if kind is None else (*mode, ("kind", str(kind)))
            for points in others:
                value, metric = row[points.metric.column], points.metric
                if isinstance(value, int):
                    attributes = energy if metric.by_energy_kind else mode if metric.of_mode else ()
                    points.add(attributes, start_ns, end_ns, value)
    return [points.to_json() for points in (images, *others) if points.values]


def _rows(batch: TelemetryBatch) -> Iterator[Mapping[str, Value]]:
    columns = ("at_us", "seconds_us", "bundle_id", "mode", "exits", "energy_kind", *(each.column for each in METRICS))
    for k in range(len(batch)):
        yield {name: batch.columns[name][k] if name in batch.columns else None for name in columns}


def _counts(exits: Value) -> list[int]:
    return [int(taken) for taken in str(exits).split(",")] if exits else []


def _attributes(attributes: Attributes) -> list[dict[str, Any]]:
    return [
        {"key": key, "value": {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value}}
        for key, value in attributes
    ]
