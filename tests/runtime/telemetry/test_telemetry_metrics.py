"""What telemetry adds to /metrics."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from runtime.contract.telemetry_batch import AGGREGATE, EVENT
from runtime.serve.metrics_reading import Samples, read_metrics
from runtime.serve.prometheus import MetricsText
from runtime.serve.served_bundle import ServedBundle
from runtime.telemetry.cost_watch import STRETCH_S, STRETCHES
from runtime.telemetry.guarding import Guarding
from runtime.telemetry.inference import Circumstances, Inference, ServedAs
from runtime.telemetry.otlp_uplink import OtlpUplink
from runtime.telemetry.spool import Spool
from runtime.telemetry.spool_reader import SpoolReader
from runtime.telemetry.telemetry_metrics import LOOK_S, Otlp, TelemetryMetrics
from runtime.telemetry.uplink import Shipper, UplinkFailed

from .receiver import receiving

COSTS = (0.01, 0.02, 0.03, 0.04)


class NoUplink:
    name = "nowhere"

    def send(self, payloads: Any) -> Any:  # noqa: ARG002
        raise UplinkFailed("no link")

    def close(self) -> None:
        """Nothing is held."""


def said(*_: Any, **__: Any) -> None:
    """Nobody listens."""


def samples_of(metrics: TelemetryMetrics) -> Samples:
    text = MetricsText()
    metrics(text)
    return read_metrics(text.text())


def test_what_waits_and_how_shipping_goes_is_told_as_of_the_last_look(served: ServedBundle, tmp_path: Path) -> None:
    now_s = 0.0
    with Spool(tmp_path / "spool", "d1", "b1") as spool:
        spool.append(EVENT, {"at_us": [1, 2], "name": ["a", "b"], "text": ["", ""]}, 0)
        shipper = Shipper(spool, NoUplink())
        shipper.step()
        metrics = TelemetryMetrics(Guarding(lambda: served, said), spool, shipper, now_s=lambda: now_s)
        metrics.ticked(Circumstances())
        samples = samples_of(metrics)
        assert samples["edge_runtime_telemetry_rows"] == {(("class", "event"),): 2.0}
        assert samples["edge_runtime_telemetry_bytes"][()] > 0
        assert samples["edge_runtime_uplink_failures"] == {(): 1.0}
        assert samples["edge_runtime_uplink_rows_total"] == {(): 0.0}
        assert "edge_runtime_telemetry_dropped_rows_total" not in samples
        spool.append(EVENT, {"at_us": [3], "name": ["c"], "text": [""]}, 0)
        metrics.ticked(Circumstances())
        assert samples_of(metrics)["edge_runtime_telemetry_rows"] == {(("class", "event"),): 2.0}
        now_s = LOOK_S
        metrics.ticked(Circumstances())
        assert samples_of(metrics)["edge_runtime_telemetry_rows"] == {(("class", "event"),): 3.0}
    now_s = 2 * LOOK_S
    metrics.ticked(Circumstances())  # the spool is closed: it cannot be read
    assert "edge_runtime_telemetry_rows" not in samples_of(metrics)


def test_the_second_way_out_is_told_with_what_it_lost(served: ServedBundle, tmp_path: Path) -> None:
    with receiving() as receiver, Spool(tmp_path / "spool", "d1", "b1", cap_bytes={AGGREGATE: 400}) as spool:
        spool.read_also_by({"otlp": AGGREGATE})
        for minute in range(5):
            spool.append(AGGREGATE, {"at_us": [minute], "seconds_us": [0], "exits": ["1"]}, 10**15)
        uplink = OtlpUplink(receiver.url, "1.0")
        shipper = Shipper(SpoolReader(spool, "otlp"), uplink)
        metrics = TelemetryMetrics(Guarding(lambda: served, said), spool, None, otlp=Otlp(shipper, uplink))
        metrics.ticked(Circumstances())
        receiver.answer = b'{"partialSuccess": {"rejectedDataPoints": 1}}'
        shipper.step()
        samples = samples_of(metrics)
        left = samples["edge_runtime_otlp_rows_total"][()]
        assert samples["edge_runtime_otlp_missed_rows_total"] == {(): 5 - left}
        assert 0 < left < 5
        assert samples["edge_runtime_otlp_refused_points_total"] == {(): 1.0}
        assert samples["edge_runtime_otlp_failures"] == {(): 0.0}
        assert "edge_runtime_uplink_rows_total" not in samples
        shipper.close()


def test_drift_and_costs_are_told_by_mode(served: ServedBundle) -> None:
    guarding = Guarding(lambda: served, said)
    metrics = TelemetryMetrics(guarding, None, None)
    assert samples_of(metrics) == {}
    about = ServedAs(served.bundle_id, "balanced", COSTS, COSTS)
    for k in range(1500):
        guarding.saw(Inference(k, about, 0, 0.2, 0.02, 0.02, None))
    metrics.ticked(Circumstances())
    samples, labels = samples_of(metrics), (("mode", "balanced"),)
    assert samples["edge_runtime_caution"] == {labels: 2.0}
    assert samples["edge_runtime_drift_alarms_total"] == {labels: 2.0}
    assert 0 <= samples["edge_runtime_drift_statistic"][labels] < 1
    assert "edge_runtime_cost_ratio" not in samples
    for k in range(int(STRETCH_S) * STRETCHES + 1):
        guarding.saw(Inference(1500 + k, about, 0, 0.2, 0.02, 0.02, None))
    assert samples_of(metrics)["edge_runtime_cost_ratio"] == {(("mode", "balanced"), ("of", "time")): 2.0}
