"""What of a board's tree a capture may hold: clocks, power, temperature and what names the board, and nothing personal.

Patterns are paths whose segments may hold `*`, `?` and `[…]`; none crosses a slash, so that a walk can go no deeper
than the longest pattern, whatever loops the symbolic links make.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

_DEVFREQ = (
    "name", "available_frequencies", "available_governors", "cur_freq", "target_freq", "min_freq", "max_freq",
    "governor", "polling_interval", "trans_stat", "userspace/set_freq", "device/of_node/name", "device/load",
    "device/railgate_enable", "device/enable_3d_scaling", "device/power/control", "device/power/runtime_status",
)  # fmt: skip
_CPUFREQ = (
    "affected_cpus", "related_cpus", "cpuinfo_min_freq", "cpuinfo_max_freq", "cpuinfo_transition_latency",
    "scaling_available_frequencies", "scaling_available_governors", "scaling_cur_freq", "scaling_driver",
    "scaling_governor", "scaling_max_freq", "scaling_min_freq", "scaling_setspeed",
)  # fmt: skip
_HWMON = (
    "name", "label", "in[0-9]_input", "in[0-9]_label", "in[0-9]_enable", "curr[0-9]_input", "curr[0-9]_max",
    "curr[0-9]_crit", "curr[0-9]_max_alarm", "curr[0-9]_crit_alarm", "power[0-9]_input", "power[0-9]_label",
    "power[0-9]_average", "shunt[0-9]_resistor", "shunt_resistor", "update_interval", "samples",
    "temp[0-9]_input", "temp[0-9]_label", "oc[0-9]_event_cnt", "oc[0-9]_throt_en",
)  # fmt: skip
_IIO = (
    "name", "rail_name_[0-9]", "in_voltage[0-9]_input", "in_current[0-9]_input", "in_power[0-9]_input",
    "warn_current_limit_[0-9]", "crit_current_limit_[0-9]", "ui_input",
)  # fmt: skip
_BATTERY = (
    "type", "status", "present", "capacity", "scope", "technology", "voltage_now", "current_now", "power_now",
    "energy_now", "energy_full", "charge_now", "charge_full",
)  # fmt: skip
_RAPL = ("name", "energy_uj", "max_energy_range_uj", "power_uw")
_BPMP_EMC = (
    "rate", "min_rate", "max_rate", "mrq_rate_locked", "state", "dvfs_table", "dvfs", "possible_rates",
)  # fmt: skip
_BPMP = "/sys/kernel/debug/bpmp/debug"
_GPU_DEVICES = tuple(
    f"/sys/devices/{bus}{name}"
    for bus in ("", "platform/", "platform/bus@0/")
    for name in ("gpu.0", "*.gpu", "*.gp10b", "*.gv11b", "*.ga10b", "*.gb10b")
)


def _under(folders: tuple[str, ...], files: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{folder}/{file}" for folder in folders for file in files)


WHITELIST: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "board and release": (
            "/proc/device-tree/model", "/proc/device-tree/compatible", "/etc/nv_tegra_release", "/proc/version",
            "/proc/sys/kernel/osrelease", "/.dockerenv", "/run/.containerenv",
        ),
        "GPU and memory clocks (devfreq)": (
            *_under(("/sys/class/devfreq/*",), _DEVFREQ),
            # The same nodes under the names that NVIDIA's own tools use; a platform device may lie on a bus of its own.
            *_under(
                tuple(f"{device}/devfreq/*" for device in _GPU_DEVICES),
                ("available_frequencies", "cur_freq", "min_freq", "max_freq", "governor"),
            ),
            *_under(_GPU_DEVICES, ("railgate_enable", "load", "power/control", "power/runtime_status")),
        ),
        "CPU clocks (cpufreq)": (
            *_under(("/sys/devices/system/cpu/cpufreq/policy*",), _CPUFREQ),
            "/sys/devices/system/cpu/online", "/sys/devices/system/cpu/present", "/sys/devices/system/cpu/possible",
            "/sys/devices/system/cpu/cpu[0-9]*/online",
        ),
        "memory clock (BPMP, debugfs)": (
            *_under((f"{_BPMP}/clk/emc",), _BPMP_EMC),
            f"{_BPMP}/emc/possible_rates", f"{_BPMP}/emc/tables/regular/*/*", f"{_BPMP}/bwmgr/bwmgr_halt",
            "/sys/kernel/debug/tegra_bwmgr/emc_min_rate", "/sys/kernel/debug/tegra_bwmgr/emc_max_rate",
            *_under(("/sys/kernel/debug/clk/override.emc",), ("clk_rate", "clk_update_rate", "clk_state")),
            "/sys/kernel/actmon_avg_activity/mc_all",
        ),
        "power modes (nvpmodel)": (
            "/sys/kernel/nvpmodel_emc_cap/*", "/sys/kernel/nvpmodel_clk_cap/*", "/etc/nvpmodel.conf",
            "/var/lib/nvpmodel/status",
        ),
        "power rails (INA3221, INA238, hwmon)": (
            *_under(("/sys/bus/i2c/drivers/ina*/*/hwmon/hwmon*", "/sys/class/hwmon/hwmon*"), _HWMON),
            *_under(("/sys/bus/i2c/drivers/ina*/*/iio:device*",), _IIO),
        ),
        "temperatures and cooling": (
            *_under(("/sys/class/thermal/thermal_zone*",),
                    ("type", "temp", "mode", "trip_point_[0-9]_type", "trip_point_[0-9]_temp")),
            *_under(("/sys/class/thermal/cooling_device*",), ("type", "cur_state", "max_state")),
        ),
        "battery": _under(("/sys/class/power_supply/*",), _BATTERY),
        "energy counters (RAPL)": (
            *_under(("/sys/class/powercap/intel-rapl:*",), _RAPL),
            *_under(("/sys/class/powercap/intel-rapl:*/intel-rapl:*",), _RAPL),
        ),
    }
)  # fmt: skip

# Whatever a pattern lets through, these never pass: names of serial numbers, addresses and the host.
_FORBIDDEN_NAME = re.compile(r"serial|uuid|hostname|machine-id|\buevent\b|mac[-_]?addr|^address$", re.IGNORECASE)
_MAC = re.compile(rb"(?<![0-9a-f])(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}(?![0-9a-f])", re.IGNORECASE)
_BUILDER = re.compile(rb"[^\s()@]+@[^\s()@]+")  # /proc/version names who compiled the kernel, and on which host
_ONLY_PRESENCE = ("/run/.containerenv",)  # it names the container and its image


def patterns() -> tuple[str, ...]:
    """Every pattern of the whitelist."""
    return tuple(pattern for group in WHITELIST.values() for pattern in group)


def is_personal(name: str) -> bool:
    """Whether a file's or folder's own name says that it holds, or is, a serial number, an address or a host's name.

    A Bluetooth mouse's battery, for example, is a folder named after its hardware address.
    """
    return bool(_FORBIDDEN_NAME.search(name) or _MAC.search(name.encode("utf-8", "surrogateescape")))


def redacted(path: str, value: bytes) -> bytes:
    """A file's value without hardware addresses, without the kernel's builder, and without a container's name."""
    if path in _ONLY_PRESENCE:
        return b""
    without_addresses = _MAC.sub(b"00:00:00:00:00:00", value)
    return _BUILDER.sub(b"redacted", without_addresses) if path == "/proc/version" else without_addresses
