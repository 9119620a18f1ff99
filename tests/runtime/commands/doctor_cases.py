"""Findings of a machine on which all serves, to be spoilt one thing at a time."""

from __future__ import annotations

from runtime.commands.doctor_findings import (
    BatteryFinding,
    ClockFinding,
    CounterFinding,
    Findings,
    Heat,
    Machine,
    ModeCaps,
    RailFinding,
)
from runtime.commands.doctor_service import BundlePoint, Installed, Powerd
from runtime.commands.doctor_software import Backend, Software
from runtime.contract.operating_point import OperatingPoint

MACHINE = Machine(
    hardware="sysfs",
    is_this_machine=True,
    model="NVIDIA Jetson Orin Nano Engineering Reference Developer Kit Super",
    soc="tegra234",
    compatible=("nvidia,p3768-0000+p3767-0005-super", "nvidia,p3767-0005", "nvidia,tegra234"),
    profile="orin-nano-super",
    support="runs",
    l4t="36.4.3",
    jetpack="6.2",
    kernel="5.15.148-tegra",
    architecture="aarch64",
    container=False,
    power_mode="25W",
)
CPU = ClockFinding("cpu", True, (729_600_000, 1_728_000_000), 1_728_000_000, 729_600_000, 1_728_000_000, True, None)
GPU = ClockFinding("gpu", True, (306_000_000, 1_020_000_000), 306_000_000, 306_000_000, 1_020_000_000, True, None)
EMC = ClockFinding("emc", True, (204_000_000, 3_199_000_000), 2_133_000_000, None, None, True, None)
ABSENT = ClockFinding("gpu", False, (), None, None, None, False, "this machine has no such clock")
VDD_IN = RailFinding("VDD_IN", True, 5.52, 0.04, "VDD_IN", "INA3221", "measured", 0.0031)
VDD_SOC = RailFinding("VDD_SOC", False, 1.54, 0.04, "VDD_SOC", "INA3221", "measured", 0.0031)
SOFTWARE = Software(
    python="3.10.12",
    backends=(
        Backend("ONNX Runtime", "1.23.0", ("CUDAExecutionProvider", "CPUExecutionProvider"), None),
        Backend("TensorRT", "10.3.0", (), None),
    ),
    versions={"edge-codesign": "0.1.0", "numpy": "1.26.4", "jetson-stats": None},
)
POINT = OperatingPoint(1_728_000_000, 1_020_000_000, 2_133_000_000)
SOUND = Findings(
    machine=MACHINE,
    clocks=(CPU, GPU, EMC),
    power_modes=(
        ModeCaps("15W", False, 6, 1_497_600_000, 612_000_000, 2_133_000_000),
        ModeCaps("MAXN", True, 6, None, None, None),
    ),
    rails=(VDD_IN, VDD_SOC),
    total=VDD_IN,
    covers="module: leaves out the fan and what the carrier board feeds",
    counter=CounterFinding("package-0", "RAPL", 12.5, 61e-6),
    heat=Heat(47.5, False, ()),
    battery=BatteryFinding("BAT0", 0.82, 6.1),
    missing=(),
    software=SOFTWARE,
    powerd=Powerd("/run/edge-runtime/powerd.sock", True, True, None, {"current": {"cpu_hz": 1}, "problems": []}),
    installed=Installed(
        "/var/lib/edge-runtime", "a" * 64, "orin-nano-super", True, (BundlePoint("balanced", POINT, True, None),), None
    ),
)
