"""What /metrics tells."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from runtime.contract.kind import Kind
from runtime.energy.energy import Energy
from runtime.serve.gauges import Gauges
from runtime.serve.metered_energy import Rates
from runtime.serve.metrics import Seen, metrics_text, resident_bytes
from runtime.serve.metrics_reading import read_metrics
from runtime.serve.served_bundle import ServedBundle
from runtime.serve.serving import Serving
from tests.tiny_cascade import CLOCKS

from .serving_doubles import Settled, leaving_at, request, scripted

ENERGY = Energy(5.0, 0.1, 1.0, 100, "VDD_IN", "INA3221", 0.04, Kind.MEASURED)


def test_requests_exits_and_the_bundle_are_told(served: ServedBundle) -> None:
    serving, settled = Serving(served), Settled()
    serving.submit(request(mode="thorough"), served, settled)
    serving.recorder.answered(settled.wait(1)[0])
    serving.recorder.refused(429)
    serving.drain(5.0)
    samples = read_metrics(metrics_text(serving, Seen()))
    assert samples["edge_runtime_requests_total"] == {(): 1.0}
    assert samples["edge_runtime_images_total"][(("mode", "thorough"), ("exit", "3"))] == 1.0
    assert samples["edge_runtime_refusals_total"] == {(("status", "429"),): 1.0}
    (labels,) = samples["edge_runtime_bundle_info"]
    assert dict(labels)["bundle_id"] == served.bundle_id
    assert samples["edge_runtime_ready"] == {(): 0.0}


def test_requests_that_their_clients_left_are_told(served: ServedBundle) -> None:
    bundle, cascade = scripted(served)
    cascade.hold.clear()
    serving, settled = Serving(bundle), Settled()
    serving.submit(request(leaving_at(0)), bundle, settled)
    assert cascade.entered.wait(5.0)
    serving.abandon(serving.submit(request(leaving_at(0)), bundle, settled))
    cascade.hold.set()
    serving.drain(5.0)
    assert read_metrics(metrics_text(serving, Seen()))["edge_runtime_dropped_total"] == {(): 1.0}


def test_what_is_not_known_is_left_out_and_never_zero(served: ServedBundle) -> None:
    serving = Serving(served)
    samples = read_metrics(metrics_text(serving, Seen()))
    serving.drain(5.0)
    for name in (
        "power_watts",
        "temperature_celsius",
        "clock_hertz",
        "idle_power_watts",
        "battery_ratio",
        "swaps_total",
    ):
        assert f"edge_runtime_{name}" not in samples


def test_the_machine_is_told_where_it_is_seen(served: ServedBundle) -> None:
    serving = Serving(served)
    swap: Any = SimpleNamespace(swaps=2, rollbacks=1)
    energy: Any = SimpleNamespace(rates=Rates(ENERGY, 7.0, 3.0, 4.0))
    samples = read_metrics(
        metrics_text(serving, Seen(swap, energy, Gauges(lambda: 51.5, lambda: 0.25), lambda: CLOCKS))
    )
    serving.drain(5.0)
    assert samples["edge_runtime_power_watts"] == {(("scope", "VDD_IN"), ("kind", "measured")): 5.0}
    assert samples["edge_runtime_idle_power_watts"][(("scope", "VDD_IN"), ("kind", "measured"))] == 4.0
    assert samples["edge_runtime_joules_per_busy_second"][(("scope", "VDD_IN"), ("kind", "measured"))] == 7.0
    assert samples["edge_runtime_temperature_celsius"] == {(): 51.5}
    assert samples["edge_runtime_clock_hertz"][(("clock", "gpu"),)] == CLOCKS.gpu_hz
    assert samples["edge_runtime_battery_ratio"] == {(): 0.25}
    assert samples["edge_runtime_rollbacks_total"] == {(): 1.0}


def test_resident_memory_is_read_from_proc(tmp_path: Path) -> None:
    (tmp_path / "statm").write_text("500 100 50 1 0 90 0")
    found = resident_bytes(tmp_path / "statm")
    assert found is not None
    assert found % 100 == 0
    assert resident_bytes(tmp_path / "none") is None


@pytest.mark.parametrize("content", ["", "1", "a b"])
def test_resident_memory_that_cannot_be_read_is_not_known(tmp_path: Path, content: str) -> None:
    (tmp_path / "statm").write_text(content)
    assert resident_bytes(tmp_path / "statm") is None


def test_rooms_above_may_add_to_the_text(served: ServedBundle) -> None:
    serving = Serving(served)
    seen = Seen(more=lambda text: text.gauge("edge_runtime_more", "More.", [({}, 7)]))
    samples = read_metrics(metrics_text(serving, seen))
    serving.drain(5.0)
    assert samples["edge_runtime_more"] == {(): 7.0}
