"""What telemetry adds to /metrics: rows that wait and were dropped, how shipping goes, drift, and costs."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

from runtime.contract.errors import StorageError
from runtime.serve.prometheus import MetricsText

from .guarding import Guarding
from .inference import Circumstances, Inference
from .otlp_uplink import OtlpUplink
from .spool import Spool, SpoolState
from .uplink import Shipper

PREFIX = "edge_runtime"
LOOK_S = 10.0  # between two looks into the spool: whoever asks for metrics shall not wait for a disk


class Otlp(NamedTuple):
    """The second way out."""

    shipper: Shipper
    uplink: OtlpUplink


class TelemetryMetrics:
    """A Watcher of the recorder, which looks into the spool now and then; called with a text to add to."""

    def __init__(
        self,
        guarding: Guarding,
        spool: Spool | None,
        shipper: Shipper | None,
        *,
        otlp: Otlp | None = None,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._guarding, self._spool, self._now_s = guarding, spool, now_s
        self._otlp = otlp
        self._shippers = {"uplink": shipper, "otlp": None if otlp is None else otlp.shipper}
        self._next_s = now_s()
        self._state: SpoolState | None = None  # None: it cannot be read, or nothing is recorded

    def saw(self, inference: Inference) -> None:
        """Nothing: others count."""

    def ticked(self, _: Circumstances) -> None:
        """Look into the spool where it is time."""
        if self._spool is None or self._now_s() < self._next_s:
            return
        self._next_s = self._now_s() + LOOK_S
        try:
            self._state = self._spool.state()
        except StorageError:  # the disk fails; the server goes on, and what is not known is not told
            self._state = None

    def __call__(self, text: MetricsText) -> None:
        """Add to `text`."""
        if self._state is not None:
            rows, dropped = self._state.rows, self._state.dropped
            of = "class"
            text.gauge(
                f"{PREFIX}_telemetry_rows", "Rows that wait on this board.", [({of: n}, v) for n, v in rows.items()]
            )
            text.counter(
                f"{PREFIX}_telemetry_dropped_rows_total",
                "Rows lost to a full disk or to the cap, since the spool was made.",
                [({of: n}, v) for n, v in dropped.items()],
            )
            text.gauge(f"{PREFIX}_telemetry_bytes", "Of the spool on disk.", [({}, self._state.file_bytes)])
            if self._otlp is not None:
                missed = sum(self._state.missed.values())
                text.counter(f"{PREFIX}_otlp_missed_rows_total", "Rows dropped before they were sent.", [({}, missed)])
        if self._otlp is not None:
            text.counter(
                f"{PREFIX}_otlp_refused_points_total",
                "Data points that the other side called invalid.",
                [({}, self._otlp.uplink.refused_points)],
            )
        for name, shipper in self._shippers.items():
            if shipper is not None:
                state = shipper.state
                text.counter(f"{PREFIX}_{name}_rows_total", "Rows that were acknowledged.", [({}, state.sent_rows)])
                text.gauge(f"{PREFIX}_{name}_failures", "Failures to send, in a row.", [({}, state.failures)])
        self._drift(text)

    def _drift(self, text: MetricsText) -> None:
        guards = [({"mode": mode}, each.guard) for mode, each in self._guarding.modes.items()]
        known = [(labels, guard) for labels, guard in guards if guard is not None]
        text.gauge(
            f"{PREFIX}_caution",
            "0: a mode's own thresholds; 1: half of them, after a drift alarm; 2: full depth.",
            [(labels, guard.level) for labels, guard in known],
        )
        text.counter(
            f"{PREFIX}_drift_alarms_total",
            "Of exits and entropies.",
            [(labels, guard.alarms) for labels, guard in known],
        )
        text.gauge(
            f"{PREFIX}_drift_statistic",
            "Of the test of exits and entropies: 1 is an alarm.",
            [(labels, max(guard.statistic, 0.0)) for labels, guard in known],
        )
        text.gauge(
            f"{PREFIX}_cost_ratio",
            "Cost per image over what the bundle promised: median of ten stretches.",
            [
                ({"mode": mode, "of": name}, watch.ratio)
                for mode, each in self._guarding.modes.items()
                for name, watch in each.costs.items()
                if watch.ratio is not None
            ],
        )
