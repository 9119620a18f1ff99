"""A board profile as a TOML file; a misspelt key stops, and so does a parameter without a source."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import fields
from itertools import pairwise
from typing import Any

from runtime.contract.errors import ConfigError

from .board_profile import DEVICES, BoardProfile, ClockTable, PowerMode
from .parameter import Basis, Parameter
from .simulated_latency import LatencyParameters
from .simulated_power import ActiveParameters, IdleParameters

KEYS = {"board", "clocks", "rails", "modes", "idle", "latency", "active", "limits"}


def parse_profile(text: str, where: str) -> BoardProfile:
    """A profile from TOML text; `where` names it in errors.

    Raises:
        ConfigError: not TOML, an unknown or missing key, a clock table that does not ascend, a mode that is not there,
            or a parameter without basis and source.
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
    board, rails, modes = table["board"], table["rails"], table["modes"]
    _exactly(board, {"name", "description", "devices", "runs_runtime"}, f"{where}: [board]")
    _exactly(table["clocks"], {"cpu", "gpu", "emc"}, f"{where}: [clocks]")
    _exactly(rails, {"names", "total", "quantum_w", "source"}, f"{where}: [rails]")
    _exactly(modes, {"default", "source", "table"}, f"{where}: [modes]")
    devices = tuple(board["devices"])
    if not devices or not set(devices) <= set(DEVICES):
        raise ConfigError(f"unknown devices {devices}", where=f"{where}: [board]", to_do=f"use some of {DEVICES}")
    clocks = {name: _clock_table(table["clocks"][name], f"{where}: [clocks.{name}]") for name in ("cpu", "gpu", "emc")}
    emc_values = len(clocks["emc"].hz)
    parsed = BoardProfile(
        name=board["name"],
        description=board["description"],
        devices=devices,
        runs_runtime=board["runs_runtime"],
        cpu=clocks["cpu"],
        gpu=clocks["gpu"],
        emc=clocks["emc"],
        modes=tuple(_mode(row, f"{where}: [[modes.table]]") for row in modes["table"]),
        modes_source=modes["source"],
        default_mode=modes["default"],
        rails=tuple(rails["names"]),
        total_rail=rails["total"],
        rail_quantum_w=float(rails["quantum_w"]),
        rails_source=rails["source"],
        idle=_parameters(table["idle"], IdleParameters, f"{where}: [idle]", {"emc_idle_w": emc_values}),
        latency=_per_device(table["latency"], LatencyParameters, devices, f"{where}: [latency"),
        active=_per_device(table["active"], ActiveParameters, devices, f"{where}: [active"),
        limits=tuple(table["limits"]),
    )
    if parsed.default_mode not in {mode.name for mode in parsed.modes}:
        raise ConfigError(f"the default mode {parsed.default_mode!r} is not in the table", where=f"{where}: [modes]")
    if parsed.total_rail not in parsed.rails:
        raise ConfigError(f"the total {parsed.total_rail!r} is not among the rails", where=f"{where}: [rails]")
    return parsed


def _exactly(table: Mapping[str, Any], known: set[str], where: str) -> None:
    if unknown := sorted(table.keys() - known):
        raise ConfigError(f"unknown key {unknown[0]!r}", where=where, to_do=f"use one of {sorted(known)}")
    if missing := sorted(known - table.keys()):
        raise ConfigError(f"missing key {missing[0]!r}", where=where, to_do=f"give all of {sorted(known)}")


def _clock_table(table: Mapping[str, Any], where: str) -> ClockTable:
    _exactly(table, {"hz", "source"}, where)
    hz = tuple(int(value) for value in table["hz"])
    if not hz or any(slow >= fast for slow, fast in pairwise(hz)):
        raise ConfigError("a clock table must ascend", where=where, to_do="sort it, and give each entry once")
    return ClockTable(hz, table["source"])


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
