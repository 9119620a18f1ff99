"""Temperatures of the model, and what cooling does to its clocks when they are too high."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from functools import partial

from .cpufreq import Policy
from .devfreq import Devfreq
from .layout import Zone
from .node import Folder, Nodes, fixed, line, refusal
from .truth import Truth

OVERCURRENT_SLOWS_BY = 2  # what the hardware does to the core clocks, unasked and unseen
CLASS = "/sys/class/thermal"


class Cooling:
    """One step down the tables of GPU and CPU for each look at too hot a chip, one step up once it has cooled."""

    def __init__(self, truth: Truth, gpu: Devfreq, policies: Sequence[Policy]) -> None:
        self._truth, self._gpu, self._policies = truth, gpu, tuple(policies)
        self.state = 0
        self.throttle_count = 0
        self._looking = 0

    def start(self) -> None:
        """Look at the temperature from now on, and forget what was."""
        self._put(0)
        self._looking += 1
        number = self._looking

        def look() -> None:
            if number == self._looking:
                self._step()
                self._truth.later(self._truth.heat.parameters.step_s, look)

        look()

    def max_state(self) -> int:
        """Steps to the end of the GPU's table."""
        return len(self._gpu.limits.table_hz) - 1

    def nodes(self) -> Nodes:
        """A cooling device each for the CPU, the GPU, and the fan that this model leaves alone."""
        nodes: Nodes = {CLASS: Folder()}
        kinds = ["pwm-fan", f"devfreq-{self._gpu.place.node}", *(f"cpufreq-{p.clock}" for p in self._policies)]
        for number, kind in enumerate(kinds):
            base = f"{CLASS}/cooling_device{number}"
            nodes[f"{base}/type"] = fixed(f"{kind}\n")
            nodes[f"{base}/max_state"] = line(self.max_state)
            nodes[f"{base}/cur_state"] = line((lambda: 0) if kind == "pwm-fan" else (lambda: self.state))
        return nodes

    def _step(self) -> None:
        chip_c, thermal = self._truth.heat.chip_c, self._truth.heat.parameters
        if chip_c >= thermal.throttle_c and self.state < self.max_state():
            self.throttle_count += 1
            self._put(self.state + 1)
        elif chip_c <= thermal.release_c and self.state > 0:
            self._put(self.state - 1)

    def _put(self, state: int) -> None:
        self.state = state
        devices: list[Devfreq | Policy] = [self._gpu, *self._policies]
        for device in devices:
            table_hz = device.limits.table_hz
            device.limits.cooling_cap_hz = table_hz[max(len(table_hz) - 1 - self.state, 0)] if self.state else None
            device.update()


class Overcurrent:
    """The protection that acts by itself in hardware: it counts, and slows the cores behind the drivers' backs."""

    def __init__(self, truth: Truth, channels: int) -> None:
        self._truth = truth
        self.counts = [0] * channels
        self._events = 0

    def happen(self, channel: int, for_s: float) -> None:
        """One event of a channel, counted from 1."""
        self.counts[channel - 1] += 1
        self._truth.slowed_by = OVERCURRENT_SLOWS_BY
        self._events += 1
        number = self._events

        def end() -> None:
            if number == self._events:
                self._truth.slowed_by = 1

        self._truth.later(for_s, end)

    def nodes(self, number: int) -> Nodes:
        """soctherm's counters, readable by anyone."""
        base = f"/sys/class/hwmon/hwmon{number}"
        nodes: Nodes = {f"{base}/name": fixed("soctherm_oc\n")}
        for at in range(len(self.counts)):
            nodes[f"{base}/oc{at + 1}_event_cnt"] = line(partial(self.counts.__getitem__, at))
            nodes[f"{base}/oc{at + 1}_throt_en"] = fixed("1\n")
        return nodes


def zone_nodes(zones: Sequence[Zone], truth: Truth, gpu: Devfreq) -> Nodes:
    """Every thermal zone; EAGAIN from those whose unit has no power now."""
    nodes: Nodes = {CLASS: Folder()}
    for number, zone in enumerate(zones):
        base = f"{CLASS}/thermal_zone{number}"
        nodes[f"{base}/type"] = fixed(f"{zone.type}\n")
        nodes[f"{base}/mode"] = fixed("enabled\n")
        nodes[f"{base}/temp"] = line(partial(_millidegrees, zone, truth, gpu))
        nodes[f"{base}/trip_point_0_type"] = fixed("passive\n")
        nodes[f"{base}/trip_point_0_temp"] = fixed(f"{round(truth.heat.parameters.throttle_c * 1000)}\n")
    return nodes


def _millidegrees(zone: Zone, truth: Truth, gpu: Devfreq) -> int:
    if zone.gated == "always" or (zone.gated == "gpu" and not gpu.powered):
        raise refusal(errno.EAGAIN)
    degrees_c = truth.heat.chip_c - zone.below_k if zone.constant_c is None else zone.constant_c
    return round(degrees_c * 1000)
