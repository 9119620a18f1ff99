"""Prints what doctor found for a person: 80 columns are enough, and nothing is said by colour alone."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from .doctor_findings import ClockFinding, Degraded, Findings, ModeCaps, RailFinding
from .figure_text import NOT_KNOWN

if TYPE_CHECKING:
    from rich.console import Console

CLOCK_LABELS = {"cpu": "CPU", "gpu": "GPU", "emc": "memory (EMC)"}
Line = tuple[str, str]


def print_findings(findings: Findings, degraded: tuple[Degraded, ...], console: Console) -> None:
    """Every section, and at the end, where a terminal is looked at, what is degraded."""
    _section(console, "machine", _machine(findings))
    _clocks(findings, console)
    _power(findings, console)
    _section(console, "heat and battery", _heat(findings))
    _section(console, "software", _software(findings))
    _section(console, "service", _service(findings))
    if findings.missing:
        _section(console, "not found", [(each.what, _because(each.why, each.to_do)) for each in findings.missing])
    if not degraded:
        console.print("\nall serves: nothing is degraded", style="bold green")
        return
    console.print(f"\ndegraded ({len(degraded)})", style="bold red")
    for each in degraded:
        _lines(console, [("-", each.what), ("", f"because {each.because}"), ("", f"to do: {each.to_do}")], indent=0)


def _machine(findings: Findings) -> list[Line]:
    machine = findings.machine
    lines = [
        ("model", machine.model or f"{NOT_KNOWN} (the machine names none)"),
        ("profile", machine.profile or f"{NOT_KNOWN} (no board profile matches)"),
    ]
    if not machine.is_this_machine:
        lines.insert(0, ("hardware", f"{machine.hardware} (the software below is this machine's)"))
    if machine.support is not None:
        words = {
            "runs": "the runtime runs on it",
            "container": "the runtime runs on it in a container",
            "simulated": "simulated only: the runtime is not tested on it",
        }
        lines.append(("support", words.get(machine.support, machine.support)))
    if machine.soc is not None:
        lines.append(("SoC", machine.soc))
    if machine.l4t is not None:
        lines.append(("release", f"L4T {machine.l4t}, JetPack {machine.jetpack or NOT_KNOWN}"))
    if machine.power_mode is not None:
        lines.append(("power mode", machine.power_mode))
    kernel = " ".join(part for part in (machine.kernel, machine.architecture) if part)
    lines.append(("kernel", kernel or NOT_KNOWN))
    if machine.container:
        on_jetson = ": nvpmodel and jetson_clocks do nothing in here" if machine.l4t is not None else ""
        lines.append(("container", f"yes{on_jetson}"))
    return lines


def _clocks(findings: Findings, console: Console) -> None:
    _title(console, "clocks, in MHz")
    rows = [(CLOCK_LABELS[clock.clock], *_clock_cells(clock)) for clock in findings.clocks]
    _table(console, ("clock", "now", "limits", "table", "settable"), rows, right=("now", "limits"))
    present = [clock for clock in findings.clocks if clock.present]
    notes = [
        (f"{CLOCK_LABELS[each.clock]} cannot be set:", each.why_not) for each in present if each.why_not is not None
    ]
    if any(each.clock == "gpu" and each.table_hz and each.current_hz is None for each in present):
        notes.append(("GPU shows no clock now:", "an idle GPU is without power; that keeps nobody from setting it"))
    _lines(console, notes)
    if any(not mode.default or _caps(mode) for mode in findings.power_modes):
        lines = []
        for mode in findings.power_modes:
            default = " (default)" if mode.default else ""
            lines.append((f"{mode.name}{default}", f"{mode.cpus_online} cores, {', '.join(_caps(mode)) or 'no caps'}"))
        _section(console, "power modes of this board, by its profile, in MHz", lines)


def _caps(mode: ModeCaps) -> list[str]:
    caps = [("CPU", mode.cpu_max_hz), ("GPU", mode.gpu_max_hz), ("EMC", mode.emc_max_hz)]
    return [f"{name} ≤ {_mhz(hz)}" for name, hz in caps if hz is not None]


def _clock_cells(clock: ClockFinding) -> tuple[str, str, str, str]:
    if not clock.present:
        return NOT_KNOWN, NOT_KNOWN, "not here", "no"
    steps = clock.table_hz
    table = f"{len(steps)} steps, {_mhz(steps[0])} to {_mhz(steps[-1])}" if steps else NOT_KNOWN
    limits = (
        NOT_KNOWN if clock.min_hz is None and clock.max_hz is None else f"{_mhz(clock.min_hz)}-{_mhz(clock.max_hz)}"
    )
    return _mhz(clock.current_hz), limits, table, "yes" if clock.settable else "no"


def _power(findings: Findings, console: Console) -> None:
    _title(console, "power")
    rows = [_rail_cells(rail, "yes" if rail.in_total else "no") for rail in findings.rails]
    if findings.total is not None:
        rows.append(_rail_cells(replace(findings.total, rail="total"), ""))
    columns = ("rail", "now", "step", "read takes", "in total", "how known")
    if rows:
        _table(console, columns, rows, right=("now", "step", "read takes"))
    if not rows:
        console.print("  no power rail is read")
    notes = []
    if findings.total is not None:
        notes.append(("the total is of:", ": ".join(filter(None, (findings.total.rail, findings.covers)))))
    if findings.counter is not None:
        counter = findings.counter
        step = NOT_KNOWN if counter.quantum_j is None else f"{counter.quantum_j * 1e6:.3g} µJ"
        notes.append(("energy counter:", f"{counter.scope or NOT_KNOWN} by {counter.method or NOT_KNOWN}, step {step}"))
    _lines(console, notes)


def _rail_cells(rail: RailFinding, in_total: str) -> tuple[str, ...]:
    power = NOT_KNOWN if rail.power_w is None else f"{rail.power_w:.3f} W"
    step = NOT_KNOWN if rail.quantum_w is None else f"{rail.quantum_w * 1e3:.1f} mW"
    cost = NOT_KNOWN if rail.read_cost_s is None else f"{rail.read_cost_s * 1e3:.2f} ms"
    known = ", ".join(filter(None, (rail.kind, rail.method)))
    return rail.rail, power, step, cost, in_total, known or NOT_KNOWN


def _heat(findings: Findings) -> list[Line]:
    heat, battery = findings.heat, findings.battery
    now = {None: f"{NOT_KNOWN} (the board shows no sign)", False: "no", True: "yes, now"}[heat.throttling_now]
    lines = [
        ("temperature", NOT_KNOWN if heat.temperature_c is None else f"{heat.temperature_c:.1f} °C, the hottest zone"),
        ("throttling", "; ".join((now, *heat.signs))),
    ]
    if battery is None:
        return [*lines, ("battery", "none")]
    charge = NOT_KNOWN if battery.charge_fraction is None else f"{battery.charge_fraction * 100:.0f} %"
    power = NOT_KNOWN if battery.power_w is None else f"{battery.power_w:.2f} W"
    return [*lines, ("battery", f"{battery.name}: {charge}, gives {power}")]


def _software(findings: Findings) -> list[Line]:
    software = findings.software
    lines = [("Python", software.python)]
    for each in software.backends:
        providers = f" ({', '.join(each.providers)})" if each.providers else ""
        lines.append((each.name, each.why_not or f"{each.version}{providers}"))
    lines += [(name, version) for name, version in software.versions.items() if version is not None]
    return lines


def _service(findings: Findings) -> list[Line]:
    powerd, installed = findings.powerd, findings.installed
    lines = []
    if powerd is not None:
        lines.append(
            ("powerd", f"serves at {powerd.socket}" if powerd.serves else f"{powerd.why_not} ({powerd.socket})")
        )
    if installed.error is not None:
        return [*lines, ("bundle", f"cannot be used: {installed.error}")]
    if installed.bundle_id is None:
        return [*lines, ("bundle", f"none under {installed.root}; install with: edge-runtime install BUNDLE")]
    fits = {None: "", True: ", this board", False: ", another board than this"}[installed.fits]
    lines.append(("bundle", f"{installed.bundle_id[:12]}, compiled for {installed.compiled_for}{fits}"))
    for each in installed.points:
        can = {
            None: "not known whether they can be held",
            True: "can be held",
            False: f"cannot be held: {each.why_not}",
        }
        lines.append((f"mode {each.mode}", f"{each.point}: {can[each.settable]}"))
    return lines


def _section(console: Console, title: str, lines: Iterable[Line]) -> None:
    _title(console, title)
    _lines(console, lines)


def _lines(console: Console, lines: Iterable[Line], *, indent: int = 2) -> None:
    """Label and text side by side; a long text goes on below itself, not below the label."""
    from rich.padding import Padding
    from rich.table import Table

    grid = Table.grid(padding=(0, 2 if indent else 1, 0, 0))
    grid.add_column(max_width=30)
    grid.add_column()
    for line in lines:
        grid.add_row(*line)
    console.print(Padding(grid, (0, 0, 0, indent), expand=False))


def _table(console: Console, columns: Sequence[str], rows: Iterable[Sequence[str]], *, right: Container[str]) -> None:
    from rich.padding import Padding
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left")
    for row in rows:
        table.add_row(*row)
    console.print(Padding(table, (0, 0, 0, 2), expand=False))


def _title(console: Console, title: str) -> None:
    console.print(f"\n{title}", style="bold")


def _because(why: str, to_do: str | None) -> str:
    return f"{why}; to do: {to_do}" if to_do else why


def _mhz(hz: int | None) -> str:
    return NOT_KNOWN if hz is None else f"{hz / 1e6:.0f}"
