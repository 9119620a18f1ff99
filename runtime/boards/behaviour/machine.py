"""The devices of one board put together, and all of their files."""

from __future__ import annotations

import numpy as np

from runtime.boards.board_profile import BoardProfile

from .battery import Battery
from .board_time import BoardTime, WallClock
from .bwmgr import Bwmgr
from .cpufreq import Cores, Policy
from .devfreq import Devfreq, other_nodes
from .emc import EmcClock, bpmp_nodes, cap_node, override_nodes
from .heat import Heat
from .identity_files import identity_nodes, time_nodes
from .ina import Ina238Chip, Ina3221Chip
from .ina_files import hwmon_nodes, iio_nodes, ina238_nodes
from .layout import EmcFiles, Ina3221, Layout
from .limits import STRICT_BEFORE
from .namespace import Namespace
from .node import Folder, Nodes, fixed
from .physics import Physics
from .power_mode import PowerModes
from .quirks import Debugfs, Quirks
from .switching import switching_of, thermal_of
from .thermal import Cooling, Overcurrent, zone_nodes
from .truth import GPU, Truth


class Machine:
    """One board, booted. Nothing here asks who is calling; that is the tree's part."""

    def __init__(
        self, layout: Layout, profile: BoardProfile, time: BoardTime, physics: Physics, quirks: Quirks, device: str
    ) -> None:
        self.layout, self.profile, self.quirks = layout, profile, quirks
        self._time, self.wall = time, WallClock(time)
        self.boots = 0
        thermal = quirks.thermal or thermal_of(profile.thermal)
        self.truth = Truth(time.now_s, physics, Heat(thermal, quirks.ambient_c))
        switching = quirks.switching or switching_of(profile.switching)
        strict = layout.kernel_version < STRICT_BEFORE if quirks.strict_limits is None else quirks.strict_limits
        self.gpu = Devfreq(
            layout.gpu,
            profile.gpu.hz,
            self.truth,
            GPU,
            strict=strict,
            write_s=switching.gpu_write_s,
            settle_s=switching.gpu_settle_s,
            works=device == "gpu",
            railgates=quirks.gpu_railgates,
            missing_until_powered=quirks.gpu_missing_until_powered,
            snapped_limits=quirks.snapped_limits,
        )
        self.cores = Cores(
            [
                Policy(
                    cluster.cpus,
                    cluster.hz or profile.cpu.hz,
                    layout.cpu_low_hz,
                    self.truth,
                    kernel=layout.kernel_version,
                    strict=strict,
                    write_s=switching.cpu_write_s,
                    settle_s=switching.cpu_settle_s,
                )
                for cluster in layout.clusters
            ]
        )
        self.emc = EmcClock(
            profile.emc.hz,
            self.truth,
            write_s=switching.emc_write_s,
            settle_s=switching.emc_settle_s,
            access_s=quirks.emc_access_s,
        )
        self.modes = PowerModes(profile, layout, self.gpu, self.cores, self.emc)
        self.cooling = Cooling(self.truth, self.gpu, self.cores.policies)
        self.overcurrent = Overcurrent(self.truth, layout.overcurrent_channels)
        self.bwmgr = Bwmgr(self.emc) if layout.emc_files is EmcFiles.BWMGR else None
        self.battery = Battery(self.truth)
        self._noise = np.random.default_rng(0)
        self.chips = tuple(
            Ina3221Chip(place, self._rail_w, time.now_s, waits=quirks.conversion_wait)
            if isinstance(place, Ina3221)
            else Ina238Chip(place, self._rail_w)
            for place in layout.sensors
        )
        self.namespace = Namespace({})
        self.boot()

    def boot(self) -> None:
        """Everything as after power-on, in the power mode that was set last; numbers of hwmon devices change."""
        self.boots += 1
        self.truth.work = None
        self.gpu.reset()
        for policy in self.cores.policies:
            policy.reset()
        self.emc.reset()
        self.modes.apply(self.modes.name or self.profile.default_mode)
        for chip in self.chips:
            chip.reset()
        self.cooling.start()
        self.truth.settle_now()
        self.namespace = Namespace(self._nodes())

    def follow_load(self) -> None:
        """Let every governor see that the load changed."""
        self.gpu.update()
        for policy in self.cores.policies:
            policy.update()

    def debugfs_mounted(self) -> bool:
        """Whether the memory clock's files can be reached."""
        return self.quirks.debugfs is Debugfs.MOUNTED

    def _nodes(self) -> Nodes:
        quirks, mounted = self.quirks, self.debugfs_mounted
        nodes = identity_nodes(self.layout, lambda: self.boots, in_container=quirks.in_container)
        nodes |= time_nodes(self._time, self.wall)
        nodes |= {"/sys/kernel/debug": Folder(0o700, lambda: quirks.debugfs is not Debugfs.ABSENT)}
        nodes |= self.gpu.nodes() | self.cores.nodes() | self.modes.nodes()
        for policy in self.cores.policies:
            nodes |= policy.nodes()
        for other in self.layout.other_devfreq:
            nodes |= other_nodes(other)
        if self.layout.emc_files is EmcFiles.OVERRIDE:
            nodes |= override_nodes(self.emc, mounted)
        else:
            nodes |= bpmp_nodes(self.emc, table=self.layout.emc_table, mounted=mounted)
        if self.bwmgr is not None:
            nodes |= self.bwmgr.nodes(mounted)
        if self.layout.emc_cap is not None:
            nodes |= cap_node(self.emc, *self.layout.emc_cap)
        nodes |= zone_nodes(self.layout.zones, self.truth, self.gpu) | self.cooling.nodes() | self._hwmon_nodes()
        return nodes | self.battery.nodes() if quirks.has_battery else nodes

    def _hwmon_nodes(self) -> Nodes:
        """Numbers are dealt out in the order in which drivers happen to come up, another one at every boot."""
        count = len(self.chips) + 2
        numbers = [(place + self.boots) % count for place in range(count)]
        fan = numbers.pop()
        nodes: Nodes = {f"/sys/class/hwmon/hwmon{fan}/name": fixed("pwmfan\n")}
        nodes |= self.overcurrent.nodes(numbers.pop())
        for at, (chip, number) in enumerate(zip(self.chips, numbers, strict=True)):
            if isinstance(chip, Ina238Chip):
                nodes |= ina238_nodes(chip, number)
            elif self.layout.ina_driver == "ina3221x":
                nodes |= iio_nodes(chip, at)
            else:
                nodes |= hwmon_nodes(chip, number)
        return nodes

    def _rail_w(self, rail: str) -> float:
        noise_w = self._noise.normal(0.0, self.quirks.sensor_noise_w) if self.quirks.sensor_noise_w else 0.0
        return max(self.truth.rails_w().get(rail, 0.0) + noise_w, 0.0)
