"""The text view says everything in 80 columns, and needs no colour for it."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from runtime.boards.missing import Missing
from runtime.commands.doctor_degraded import degraded
from runtime.commands.doctor_findings import Findings, Heat
from runtime.commands.doctor_service import BundlePoint
from runtime.commands.doctor_text import print_findings
from tests.runtime.commands.doctor_cases import ABSENT, CPU, GPU, POINT, SOUND, VDD_IN

UNREADABLE = replace(CPU, table_hz=(), current_hz=None, min_hz=None, max_hz=None, settable=False)


def printed(findings: Findings, width: int = 80) -> str:
    out = io.StringIO()
    print_findings(findings, degraded(findings), Console(file=out, width=width, highlight=False, markup=False))
    return out.getvalue()


def test_a_sound_machine_is_described_and_called_so() -> None:
    text = " ".join(printed(SOUND, width=200).split())
    for said in (
        "NVIDIA Jetson Orin Nano Engineering Reference Developer Kit Super",
        "L4T 36.4.3, JetPack 6.2",
        "5.15.148-tegra aarch64",
        "power mode 25W",
        "the runtime runs on it",
        "GPU 306 306-1020 2 steps, 306 to 1020 yes",
        "15W 6 cores, CPU ≤ 1498, GPU ≤ 612, EMC ≤ 2133",
        "MAXN (default) 6 cores, no caps",
        "VDD_SOC 1.540 W 40.0 mW 3.10 ms no measured, INA3221",
        "total 5.520 W",
        "the total is of: VDD_IN: module: leaves out the fan",
        "package-0 by RAPL, step 61 µJ",
        "47.5 °C",
        "throttling no",
        "BAT0: 82 %, gives 6.10 W",
        "1.23.0 (CUDAExecutionProvider, CPUExecutionProvider)",
        "TensorRT 10.3.0",
        "numpy 1.26.4",
        "serves at /run/edge-runtime/powerd.sock",
        "aaaaaaaaaaaa, compiled for orin-nano-super, this board",
        "mode balanced CPU 1728 · GPU 1020 · EMC 2133 MHz: can be held",
        "all serves: nothing is degraded",
    ):
        assert said in text, said
    assert "jetson-stats" not in text


def spoilt() -> Findings:
    silent = replace(
        VDD_IN, rail="VDD_" + "X" * 20, power_w=None, quantum_w=None, method=None, kind=None, read_cost_s=None
    )
    return replace(
        SOUND,
        machine=replace(
            SOUND.machine, hardware="model:x", is_this_machine=False, model=None, profile=None, support=None, soc=None,
            l4t=None, jetpack=None, kernel=None, architecture=None, container=True, power_mode=None,
        ),
        clocks=(replace(UNREADABLE, why_not="w " * 60), ABSENT),
        power_modes=(),
        rails=(silent,),
        total=None,
        covers=None,
        counter=None,
        heat=Heat(None, None, ()),
        battery=None,
        missing=(Missing("power", "no rail " * 20, "mount /sys"),),
        powerd=None,
        installed=replace(
            SOUND.installed,
            fits=False,
            points=(BundlePoint("a", POINT, False, "x " * 60), BundlePoint("b", POINT, None, None)),
        ),
    )  # fmt: skip


@pytest.mark.parametrize("findings", [SOUND, spoilt()], ids=["sound", "spoilt"])
def test_no_line_is_wider_than_80_columns_and_none_is_coloured(findings: Findings) -> None:
    text = printed(findings)
    assert max(map(len, text.splitlines())) <= 80
    assert "\x1b" not in text


def test_what_is_not_known_is_a_dash_and_never_a_zero() -> None:
    text = " ".join(printed(spoilt(), width=200).split())
    for said in (
        "model:x (the software below is this machine's)",
        "model — (the machine names none)",
        "CPU — — — no",
        "GPU — — not here no",
        "temperature —",
        "throttling — (the board shows no sign)",
        "battery none",
        "— — — yes —",
        "to do: mount /sys",
        "another board than this",
        "not known whether they can be held",
        "container yes clocks",
        "degraded (",
        "because no profile matches",
    ):
        assert said in text, said
    assert " 0.000 W" not in text


def test_in_a_container_on_a_jetson_nvidias_tools_do_nothing() -> None:
    text = printed(replace(SOUND, machine=replace(SOUND.machine, container=True)))
    assert "yes: nvpmodel and jetson_clocks do nothing in here" in text


def test_a_board_without_rails_says_so() -> None:
    text = printed(replace(SOUND, rails=(), total=None))
    assert "no power rail is read" in text


def test_a_gpu_without_power_has_no_clock_and_the_reason_is_said() -> None:
    assert "GPU shows no clock now" in printed(replace(SOUND, clocks=(CPU, replace(GPU, current_hz=None))))
    assert "shows no clock" not in printed(SOUND)


def test_power_modes_are_shown_where_there_is_something_to_choose() -> None:
    only = replace(SOUND.power_modes[1], default=True)
    assert "power modes" not in printed(replace(SOUND, power_modes=(only,)))
    assert "power modes" in printed(replace(SOUND, power_modes=(replace(only, gpu_max_hz=1_000_000_000),)))


def test_a_battery_that_tells_nothing_has_dashes() -> None:
    battery = replace(SOUND.battery, charge_fraction=None, power_w=None)  # type: ignore[type-var]
    assert "BAT0: —, gives —" in printed(replace(SOUND, battery=battery))


def test_a_counter_without_a_reading_has_dashes() -> None:
    counter = replace(SOUND.counter, scope=None, method=None, quantum_j=None)  # type: ignore[type-var]
    assert "— by —, step —" in printed(replace(SOUND, counter=counter))


def test_a_powerd_that_does_not_serve_says_why() -> None:
    powerd = replace(SOUND.powerd, serves=False, why_not="is not running", status=None)  # type: ignore[type-var]
    assert "is not running (/run/edge-runtime/powerd.sock)" in printed(replace(SOUND, powerd=powerd), width=120)


@pytest.mark.parametrize(
    ("error", "says"), [("it is damaged", "cannot be used: it is damaged"), (None, "none under /var/lib")]
)
def test_without_a_usable_bundle_it_says_so(error: str | None, says: str) -> None:
    installed = replace(SOUND.installed, bundle_id=None, error=error, points=())
    assert says in printed(replace(SOUND, installed=installed))


def test_square_brackets_of_a_machine_are_printed_as_they_are() -> None:
    machine = replace(SOUND.machine, model="[bold]Board[/bold] [red]")
    assert "[bold]Board[/bold] [red]" in printed(replace(SOUND, machine=machine, clocks=(CPU, GPU)))
