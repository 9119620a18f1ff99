"""The text of /metrics: requests, exits, times, the queue, the bundle, clocks, watts, temperature, memory."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from runtime.contract.operating_point import OperatingPoint

from .gauges import Gauges
from .hot_swap import HotSwap
from .metered_energy import MeteredEnergy
from .prometheus import MetricsText
from .serving import Serving

PREFIX = "edge_runtime"
NO_GAUGES = Gauges()


@dataclass(frozen=True, slots=True)
class Seen:
    """What is looked at beside the server itself; None is left out of the text, never told as 0."""

    swap: HotSwap | None = None
    energy: MeteredEnergy | None = None
    gauges: Gauges = NO_GAUGES
    held: Callable[[], OperatingPoint | None] = lambda: None
    more: Callable[[MetricsText], None] = lambda _: None  # adds what the rooms above this one know


def metrics_text(serving: Serving, seen: Seen) -> str:
    """Everything, as it is now."""
    recorded, bundle, text = serving.recorder.recorded(), serving.bundle, MetricsText()
    text.gauge(f"{PREFIX}_ready", "Whether requests are taken.", [({}, float(serving.ready))])
    labels = {
        "bundle_id": bundle.bundle_id,
        "board": bundle.manifest.board,
        "device": bundle.manifest.device,
        "mode": serving.mode,
    }
    text.gauge(
        f"{PREFIX}_bundle_info", "The bundle that is served, and the mode of requests that name none.", [(labels, 1)]
    )
    text.counter(f"{PREFIX}_requests_total", "Requests answered.", [({}, recorded.requests)])
    text.counter(
        f"{PREFIX}_refusals_total",
        "Requests refused, by HTTP status; 499 stands for clients that hung up.",
        [({"status": str(status)}, count) for status, count in sorted(recorded.refused.items())],
    )
    text.counter(
        f"{PREFIX}_images_total",
        "Images answered, by mode and by the exit at which they left.",
        [
            ({"mode": mode, "exit": str(index)}, count)
            for mode, counts in recorded.exits.items()
            for index, count in enumerate(counts)
        ],
    )
    text.histogram(
        f"{PREFIX}_latency_seconds",
        "From a request's arrival until its answer was ready.",
        [({"mode": mode}, counted) for mode, counted in recorded.latency.items()],
    )
    text.histogram(f"{PREFIX}_queue_seconds", "Time of requests in the queue.", [({}, recorded.waited)])
    text.histogram(f"{PREFIX}_run_seconds", "Time of requests on the stages.", [({}, recorded.run)])
    text.counter(f"{PREFIX}_busy_seconds_total", "Time of inference threads at work.", [({}, recorded.busy_s)])
    text.gauge(f"{PREFIX}_queue_images", "Images that wait.", [({}, len(serving.queue))])
    text.counter(
        f"{PREFIX}_dropped_total",
        "Requests taken out of the queue unrun, since their clients had hung up.",
        [({}, serving.queue.dropped)],
    )
    text.gauge(f"{PREFIX}_stuck_threads", "Inference threads that were given up.", [({}, serving.workers.stuck)])
    _machine(text, seen)
    seen.more(text)
    return text.text()


def _machine(text: MetricsText, seen: Seen) -> None:
    if seen.swap is not None:
        text.counter(f"{PREFIX}_swaps_total", "Bundles that took over.", [({}, seen.swap.swaps)])
        text.counter(f"{PREFIX}_rollbacks_total", "Bundles that failed here.", [({}, seen.swap.rollbacks)])
    if (held := seen.held()) is not None:
        clocks = {name.removesuffix("_hz"): hz for name, hz in held.to_json().items() if hz}
        text.gauge(f"{PREFIX}_clock_hertz", "Clocks held.", [({"clock": name}, hz) for name, hz in clocks.items()])
    if (temperature_c := seen.gauges.temperature_c()) is not None:
        text.gauge(f"{PREFIX}_temperature_celsius", "Of the hottest zone.", [({}, temperature_c)])
    if (battery_share := seen.gauges.battery_share()) is not None:
        text.gauge(f"{PREFIX}_battery_ratio", "Charge of the battery, 0 to 1.", [({}, battery_share)])
    if seen.energy is not None and (rates := seen.energy.rates) is not None:
        scope = {"scope": rates.energy.scope, "kind": rates.energy.kind.value}
        text.gauge(f"{PREFIX}_power_watts", "Mean over the latest window.", [(scope, rates.energy.mean_w)])
        if rates.idle_w is not None:
            text.gauge(
                f"{PREFIX}_idle_power_watts", "Of the latest window in which nothing ran.", [(scope, rates.idle_w)]
            )
        joules = None if rates.per_busy_s_w is None else [(scope, rates.per_busy_s_w)]
        text.gauge(
            f"{PREFIX}_joules_per_busy_second", "What a second of inference draws, idle time shared out.", joules or []
        )
    if (resident := resident_bytes()) is not None:
        text.gauge("process_resident_memory_bytes", "Resident memory of the server.", [({}, resident)])


def resident_bytes(statm: Path = Path("/proc/self/statm")) -> int | None:
    """Resident memory of this process; None where the kernel does not tell."""
    try:
        return int(statm.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return None
