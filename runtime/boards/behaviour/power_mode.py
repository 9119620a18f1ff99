"""NVIDIA's own tools on the model: nvpmodel, which caps clocks and takes cores off, and jetson_clocks, which pins them.

They write the same knobs as everybody else and ask nobody.
"""

from __future__ import annotations

from dataclasses import dataclass

from runtime.boards.board_profile import BoardProfile, PowerMode

from .cpufreq import Cores
from .devfreq import Devfreq
from .emc import EmcClock
from .layout import Layout
from .node import Nodes, fixed, line

IN_CHROOT = "NVPM WARN: Running in chroot, ignoring request"


@dataclass(slots=True)
class PowerModes:
    """The power mode that is set."""

    profile: BoardProfile
    layout: Layout
    gpu: Devfreq
    cores: Cores
    emc: EmcClock
    name: str = ""

    def apply(self, name: str) -> None:
        """Set the caps of a mode and leave everything under them to the governors. Raises BoardError: unknown mode."""
        mode = self.profile.mode(name)
        self.name = name
        self.cores.keep_online(mode.cpus_online)
        for policy in self.cores.policies:
            policy.unpin(self.layout.cpu_low_hz, mode.cpu_max_hz or policy.table_hz[-1])
        table_hz = self.profile.gpu.hz
        self.gpu.unpin(self.layout.default_gpu_low_hz or table_hz[0], mode.gpu_max_hz or table_hz[-1])
        self.emc.stock_hz = self.profile.emc.at_most(mode.emc_stock_hz or mode.emc_max_hz)
        self.emc.cap_hz = mode.emc_max_hz
        self.emc.update()

    def pin(self) -> None:
        """jetson_clocks: lower limits go up to the upper ones, the memory clock is locked at its cap."""
        self.gpu.power_on(railgate=False)
        self.gpu.unpin(self.gpu.limits.asked_high_hz, self.gpu.limits.asked_high_hz)
        for policy in self.cores.policies:
            policy.unpin(policy.limits.asked_high_hz, policy.limits.asked_high_hz)
        self.emc.hold(self.emc.highest_hz())

    def nodes(self) -> Nodes:
        """What nvpmodel keeps on disk: the table of modes, and the mode that is set."""
        modes = self.profile.modes
        table = "".join(f"< POWER_MODEL ID={number} NAME={mode.name} >\n" for number, mode in enumerate(modes))
        default = _number(modes, self.profile.default_mode)
        return {
            "/etc/nvpmodel.conf": fixed(f"{table}< PM_CONFIG DEFAULT={default} >\n"),
            "/var/lib/nvpmodel/status": line(lambda: f"pmode:{_number(modes, self.name):04d}"),
        }


def _number(modes: tuple[PowerMode, ...], name: str) -> int:
    return next((number for number, mode in enumerate(modes) if mode.name == name), 0)
