"""A board profile as a TOML file; a misspelt key stops, and so does a parameter without a source."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import fields
from itertools import pairwise
from typing import Any

from runtime.contract.errors import ConfigError
from runtime.contract.operating_point import ABSENT_HZ

from .board_profile import DEVICES, BoardProfile, ClockTable, PowerMode, Rails, Support
from .parameter import Basis, Parameter
from .simulated_dynamics import SensorParameters, SwitchingParameters, ThermalParameters
from .simulated_latency import LatencyParameters
from .simulated_power import PARTS, ActiveParameters, IdleParameters
from .simulated_precision import PrecisionParameters

KEYS = {
    "board", "clocks", "rails", "modes", "idle", "latency", "active", "precision", "thermal", "switching", "sensor",
    "limits",
}  # fmt: skip
BOARD_KEYS = {"name", "description", "devices", "device_names", "support", "jetpack", "compatible", "source"}


def parse_profile(text: str, where: str) -> BoardProfile:
    """A profile from TOML text; `where` names it in errors.

    Raises:
        ConfigError: not TOML, an unknown or missing key, a clock table that does not ascend, a mode that is not there,
            rails that do not add up, or a parameter without basis and source.
    """
    if sys.version_info >= (3, 11):
        import tomllib
    else:  # Python 3.10, what JetPack 6 comes with
        import tomli as tomllib

    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"not TOML: {error}", where=where) from error
    _exactly(table, KEYS, where)
    board, modes = table["board"], table["modes"]
    _exactly(board, BOARD_KEYS, f"{where}: [board]")
    _exactly(table["clocks"], {"cpu", "gpu", "emc"}, f"{where}: [clocks]")
    _exactly(modes, {"default", "source", "table"}, f"{where}: [modes]")
    devices = tuple(board["devices"])
    if not devices or not set(devices) <= set(DEVICES):
        raise ConfigError(f"unknown devices {devices}", where=f"{where}: [board]", to_do=f"use some of {DEVICES}")
    _exactly(board["device_names"], set(devices), f"{where}: [board] device_names")
    known_support = [support.value for support in Support]
    if board["support"] not in known_support:
        raise ConfigError(
            f"unknown support {board['support']!r}", where=f"{where}: [board]", to_do=f"use one of {known_support}"
        )
    clocks = {name: _clock_table(table["clocks"][name], f"{where}: [clocks.{name}]") for name in ("cpu", "gpu", "emc")}
    emc_values = len(clocks["emc"].hz)
    parsed = BoardProfile(
        name=board["name"],
        description=board["description"],
        devices=devices,
        device_names=dict(board["device_names"]),
        support=Support(board["support"]),
        jetpack=tuple(board["jetpack"]),
        compatible=tuple(board["compatible"]),
        identity_source=board["source"],
        cpu=clocks["cpu"],
        gpu=clocks["gpu"],
        emc=clocks["emc"],
        modes=tuple(_mode(row, f"{where}: [[modes.table]]") for row in modes["table"]),
        modes_source=modes["source"],
        default_mode=modes["default"],
        rails=_rails(table["rails"], f"{where}: [rails]"),
        idle=_parameters(table["idle"], IdleParameters, f"{where}: [idle]", {"emc_idle_w": emc_values}),
        latency=_per_device(table["latency"], LatencyParameters, devices, f"{where}: [latency"),
        active=_per_device(table["active"], ActiveParameters, devices, f"{where}: [active"),
        precision=_per_device(table["precision"], PrecisionParameters, devices, f"{where}: [precision"),
        thermal=_parameters(table["thermal"], ThermalParameters, f"{where}: [thermal]", {}),
        switching=_parameters(table["switching"], SwitchingParameters, f"{where}: [switching]", {}),
        sensor=_parameters(table["sensor"], SensorParameters, f"{where}: [sensor]", {}),
        limits=tuple(table["limits"]),
    )
    if parsed.default_mode not in {mode.name for mode in parsed.modes}:
        raise ConfigError(f"the default mode {parsed.default_mode!r} is not in the table", where=f"{where}: [modes]")
    return parsed


def _exactly(table: Mapping[str, Any], known: set[str], where: str) -> None:
    if unknown := sorted(table.keys() - known):
        raise ConfigError(f"unknown key {unknown[0]!r}", where=where, to_do=f"use one of {sorted(known)}")
    if missing := sorted(known - table.keys()):
        raise ConfigError(f"missing key {missing[0]!r}", where=where, to_do=f"give all of {sorted(known)}")


def _clock_table(table: Mapping[str, Any], where: str) -> ClockTable:
    _exactly(table, {"hz", "source"}, where)
    hz = tuple(int(value) for value in table["hz"]) or (ABSENT_HZ,)
    if any(slow >= fast for slow, fast in pairwise(hz)):
        raise ConfigError("a clock table must ascend", where=where, to_do="sort it, and give each entry once")
    return ClockTable(hz, table["source"])


def _rails(table: Mapping[str, Any], where: str) -> Rails:
    """The rails, once their feeds are known to add up: what the model draws must be what the total rails read."""
    _exactly(table, {"names", "total", "scope", "quantum_w", "feeds", "source"}, where)
    rails = Rails(
        names=tuple(table["names"]),
        total=tuple(table["total"]),
        scope=table["scope"],
        quantum_w=float(table["quantum_w"]),
        feeds={rail: dict(shares) for rail, shares in table["feeds"].items()},
        source=table["source"],
    )
    if not rails.total or not set(rails.total) <= set(rails.names):
        raise ConfigError(f"the total {', '.join(rails.total)!r} is not among the rails", where=where)
    _exactly(rails.feeds, set(rails.names), f"{where} feeds")
    for rail, shares in rails.feeds.items():
        _exactly(dict.fromkeys(PARTS) | dict(shares), set(PARTS), f"{where} feeds: {rail}")
    for part in PARTS:
        fed = sum(rails.feeds[rail].get(part, 0.0) for rail in rails.total)
        if abs(fed - 1.0) > 1e-9:
            raise ConfigError(
                f"the total rails feed {fed:g} of {part}, not all of it", where=f"{where} feeds", to_do="make it 1"
            )
    return rails


def _mode(row: Mapping[str, Any], where: str) -> PowerMode:
    caps = {"cpu_max_hz", "gpu_max_hz", "emc_max_hz", "emc_stock_hz"}
    _exactly(dict.fromkeys(caps) | dict(row), {"name", "cpus_online"} | caps, where)
    return PowerMode(
        name=row["name"],
        cpus_online=int(row["cpus_online"]),
        cpu_max_hz=row.get("cpu_max_hz"),
        gpu_max_hz=row.get("gpu_max_hz"),
        emc_max_hz=row.get("emc_max_hz"),
        emc_stock_hz=row.get("emc_stock_hz"),
    )


def _per_device(
    table: Mapping[str, Any], kind: type, devices: tuple[str, ...], where: str
) -> dict[str, tuple[Parameter, ...]]:
    _exactly(table, set(devices), f"{where}]")
    return {device: _parameters(table[device], kind, f"{where}.{device}]", {}) for device in devices}


def _parameters(table: Mapping[str, Any], kind: type, where: str, lengths: Mapping[str, int]) -> tuple[Parameter, ...]:
    """One parameter per field of `kind`, in its order; `lengths` says which hold more than one value."""
    names = [field.name for field in fields(kind)]
    _exactly(table, set(names), where)
    found = []
    for name in names:
        entry = table[name]
        _exactly(entry, {"value", "basis", "source"}, f"{where}: {name}")
        given = entry["value"] if isinstance(entry["value"], list) else [entry["value"]]
        wanted = lengths.get(name, 1)
        if len(given) != wanted or not all(isinstance(v, (int, float)) and 0.0 <= v < float("inf") for v in given):
            raise ConfigError(f"{name} needs {wanted} finite value(s) of at least 0, got {given}", where=where)
        if entry["basis"] not in [basis.value for basis in Basis] or not entry["source"].strip():
            raise ConfigError(
                f"{name} does not say how it is known",
                where=where,
                to_do=f"give a basis ({', '.join(basis.value for basis in Basis)}) and a source",
            )
        found.append(Parameter(name, tuple(float(v) for v in given), Basis(entry["basis"]), entry["source"]))
    return tuple(found)
