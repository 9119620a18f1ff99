"""What will be worse than it could be on this machine, in sentences: what is lost, why, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator

from runtime.boards.board_profile import Support

from .doctor_findings import ClockFinding, Degraded, Findings
from .doctor_service import Installed, Powerd, sets_clocks

CLOCK_WORDS = {"cpu": "the CPU's clock", "gpu": "the GPU's clock", "emc": "the memory's clock"}
START_POWERD = "sudo edge-runtime powerd"
GPU_PROVIDERS = ("CUDAExecutionProvider", "TensorrtExecutionProvider")


def degraded(findings: Findings) -> tuple[Degraded, ...]:
    """Everything that is degraded, the gravest first; empty where all serves."""
    return (
        *_back_ends(findings),
        *_bundle(findings.installed),
        *_board(findings),
        *_clocks(findings),
        *_power(findings),
        *_heat(findings),
    )


def _back_ends(findings: Findings) -> Iterator[Degraded]:
    ort, *others = findings.software.backends
    if ort.why_not is not None:
        yield Degraded(
            "no bundle can be served",
            f"ONNX Runtime {ort.why_not}",
            "install the onnxruntime wheel made for this board and this Python",
        )
        return
    has_gpu = (clock := findings.clock("gpu")) is not None and clock.present
    on_gpu = any(name in ort.providers for name in GPU_PROVIDERS) or any(each.why_not is None for each in others)
    if has_gpu and findings.machine.is_this_machine and not on_gpu:
        yield Degraded(
            "inference runs on the CPU alone",
            "; ".join(
                (
                    f"this ONNX Runtime has no provider for the GPU ({', '.join(ort.providers)})",
                    *(f"{each.name}: {each.why_not}" for each in others),
                )
            ),
            "TensorRT comes with JetPack (python3-libnvinfer), for --provider tensorrt-native; or install the "
            "onnxruntime-gpu wheel made for this JetPack",
        )


def _bundle(installed: Installed) -> Iterator[Degraded]:
    if installed.error is not None:
        yield Degraded(
            "the installed bundle cannot be served",
            installed.error,
            "edge-runtime rollback, or install the bundle again",
        )
        return
    if installed.fits is False:
        yield Degraded(
            "the bundle's expectations of latency and energy do not hold here",
            f"it was compiled for {installed.compiled_for}, which is another board than this",
            "compile for this board: codesign compile --board NAME",
        )
    if unset := [point for point in installed.points if point.settable is False]:
        modes = ", ".join(point.mode for point in unset)
        yield Degraded(
            f"the bundle's clocks cannot be held in mode {modes}: what is expected of it does not hold",
            str(unset[0].why_not),
            "see the clocks' own lines; where the power mode caps them: sudo nvpmodel -m ID",
        )


def _board(findings: Findings) -> Iterator[Degraded]:
    machine = findings.machine
    if machine.profile is None:
        yield Degraded(
            "nothing can be predicted or compiled for this very board",
            f"no profile matches {machine.model or 'a machine that names no model'}",
            "send a capture, so that it gets a profile: edge-runtime capture --out board.json",
        )
    elif machine.support == Support.CONTAINER.value and machine.is_this_machine and not machine.container:
        yield Degraded(
            "this release is not supported outside a container",
            f"JetPack {machine.jetpack or '5'} brings a Python older than 3.10",
            "run edge-runtime in a container with Python 3.10, or update to JetPack 6",
        )
    elif machine.support == Support.SIMULATED.value and machine.is_this_machine:
        yield Degraded(
            "this board is known to compile and simulate for only",
            f"JetPack {machine.jetpack or '4'} is older than what the runtime is tested on",
            "expect to have to install Python 3.10 and its packages yourself",
        )


def _clocks(findings: Findings) -> Iterator[Degraded]:
    present = [clock for clock in findings.clocks if clock.present]
    if not present:
        yield Degraded(
            "clocks are neither read nor set: energy savings from clocks are lost",
            "this machine shows no clock of a CPU, a GPU or a memory",
            "on a board, run outside a container, or give the container /sys",
        )
        return
    powerd = findings.powerd
    if powerd is not None:
        yield from _powerd(powerd)
    if powerd is not None and sets_clocks(powerd):
        return
    unset = [clock for clock in present if not clock.settable]
    if len(unset) == len(present):
        yield Degraded(
            "clocks cannot be set: energy savings from clocks are lost, and predictions for pinned clocks do not hold",
            _reasons(unset),
            _mend(unset),
        )
        return
    for clock in unset:
        yield Degraded(
            f"{CLOCK_WORDS[clock.clock]} cannot be set: it stays where its governor puts it",
            clock.why_not or "no reason is known",
            _mend([clock]),
        )


def _power(findings: Findings) -> Iterator[Degraded]:
    if (findings.total is None or findings.total.power_w is None) and findings.counter is None:
        named = [each for each in findings.missing if "power" in each.what.lower() or "energy" in each.what.lower()]
        yield Degraded(
            "energy is not measured: it is reported as predicted, or not at all",
            "; ".join(each.why if each.what == "energy" else f"{each.what}: {each.why}" for each in named)
            or "no power rail and no energy counter answers",
            "; ".join(dict.fromkeys(each.to_do for each in named if each.to_do)) or "run on a board that has a sensor",
        )
    if silent := [rail.rail for rail in findings.rails if rail.power_w is None]:
        yield Degraded(
            f"some rails are not read: {', '.join(silent)}",
            "they did not answer when asked",
            "look again later; a rail of a unit without power has no reading",
        )


def _heat(findings: Findings) -> Iterator[Degraded]:
    if findings.heat.temperature_c is None:
        yield Degraded(
            "throttling goes unseen until it costs latency, and warm-up is judged by latency alone",
            "no temperature of the chip can be read",
            "on a board, run outside a container, or give the container /sys",
        )
    if findings.heat.throttling_now:
        yield Degraded(
            "it runs slower than predicted now",
            f"the board is throttling: {'; '.join(findings.heat.signs)}",
            "cool it, or choose a lower power mode",
        )


def _powerd(powerd: Powerd) -> Iterator[Degraded]:
    status = powerd.status or {}
    problems, lease = status.get("problems"), status.get("lease")
    for problem in problems if isinstance(problems, list) else ():
        yield Degraded("powerd serves with a problem", str(problem), "see its log: journalctl -u edge-powerd")
    if isinstance(lease, dict) and lease.get("yielded"):
        yield Degraded(
            "the clocks are not those that were asked for",
            f"another program changed them, and powerd yielded; process {lease.get('pid')} holds the lease",
            "stop what sets clocks (jetson_clocks, nvpmodel, jtop), then start that process again",
        )


def _reasons(clocks: list[ClockFinding]) -> str:
    by_reason: dict[str, list[str]] = {}
    for clock in clocks:
        by_reason.setdefault(clock.why_not or "no reason is known", []).append(clock.clock.upper())
    return "; ".join(f"{', '.join(names)}: {reason}" for reason, names in by_reason.items())


def _mend(clocks: list[ClockFinding]) -> str:
    if all("recording" in (clock.why_not or "") for clock in clocks):
        return "run doctor on the board itself: a recording cannot tell whether they can be set there"
    if any("root" in (clock.why_not or "") for clock in clocks):
        return f"run `{START_POWERD}`, and use the clocks through it"
    return "mend what the reason names; in a container or a virtual machine, clocks are the host's to set"
