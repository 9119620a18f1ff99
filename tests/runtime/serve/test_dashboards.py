"""Dashboards and alerts in deploy/ speak of metrics that there are."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from runtime.contract.kind import Kind
from runtime.energy.energy import Energy
from runtime.serve.gauges import Gauges
from runtime.serve.metered_energy import Rates
from runtime.serve.metrics import Seen, metrics_text
from runtime.serve.metrics_reading import read_metrics
from runtime.serve.served_bundle import ServedBundle
from runtime.serve.serving import Serving
from runtime.telemetry.cost_watch import STRETCHES
from runtime.telemetry.guarding import Guarded, Guarding
from runtime.telemetry.inference import Circumstances
from runtime.telemetry.spool import SpoolState
from runtime.telemetry.telemetry_metrics import TelemetryMetrics
from runtime.telemetry.uplink import ShippingState
from tests.tiny_cascade import CLOCKS

from .test_recorder import answered

DEPLOY = Path(__file__).resolve().parents[3] / "deploy"
NAMES = re.compile(r"\b(?:edge_runtime|process)_[a-z_]+\b(?!:)")


def telemetry(served: ServedBundle) -> TelemetryMetrics:
    """What telemetry tells when there is something of everything."""
    state = SpoolState({"event": 1}, {"event": 1}, {"event": 1}, {}, 4096)
    spool: Any = SimpleNamespace(state=lambda: state)
    shipper: Any = SimpleNamespace(state=ShippingState())
    guarding = Guarding(lambda: served, lambda *_, **__: None)
    guard: Any = SimpleNamespace(level=0, alarms=0, statistic=0.1)
    guarding.modes = {"balanced": Guarded(served.modes["balanced"], guard)}
    guarding.modes["balanced"].costs["time"].ratios.extend([1.0] * STRETCHES)
    metrics = TelemetryMetrics(guarding, spool, shipper)
    metrics.ticked(Circumstances())
    return metrics


def told(served: ServedBundle) -> set[str]:
    """The names of all metrics that a server can tell."""
    serving = Serving(served)
    answered(serving.recorder, served, 0)
    serving.recorder.refused(429)
    swap: Any = SimpleNamespace(swaps=0, rollbacks=0)
    rates = Rates(Energy(5.0, 0.1, 1.0, 9, "VDD_IN", "INA3221", 0.04, Kind.MEASURED), 7.0, 3.0, 4.0)
    energy: Any = SimpleNamespace(rates=rates)
    more = telemetry(served)
    text = metrics_text(serving, Seen(swap, energy, Gauges(lambda: 50.0, lambda: 0.5), lambda: CLOCKS, more))
    serving.drain(5.0)
    return set(read_metrics(text))


def test_the_dashboard_shows_only_what_is_told(served: ServedBundle) -> None:
    dashboard = json.loads((DEPLOY / "grafana" / "edge-serve.json").read_text())
    used = {
        name for panel in dashboard["panels"] for target in panel["targets"] for name in NAMES.findall(target["expr"])
    }
    assert used
    assert used <= told(served)
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])


def test_the_alerts_watch_only_what_is_told(served: ServedBundle) -> None:
    lines = (DEPLOY / "prometheus" / "edge-serve.rules.yml").read_text().splitlines()
    used = {
        name
        for line in lines
        if not line.strip().startswith(("#", "- record", "- alert"))
        for name in NAMES.findall(line)
    }
    assert used
    assert used <= told(served)
