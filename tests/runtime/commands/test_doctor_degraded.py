"""Whatever is degraded is said in a sentence with its reason and its remedy, and nothing else is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from runtime.boards.missing import Missing
from runtime.commands.doctor_degraded import degraded
from runtime.commands.doctor_findings import Findings, Heat
from runtime.commands.doctor_service import BundlePoint, Powerd
from runtime.commands.doctor_software import Backend
from tests.runtime.commands.doctor_cases import ABSENT, CPU, EMC, GPU, POINT, SOUND, VDD_IN, VDD_SOC

NEEDS_ROOT = "permission denied: needs root"
NO_POWERD = Powerd("/run/x", False, False, "is not running: there is no socket", None)


def sentences(**changes: object) -> list[str]:
    found = degraded(replace(SOUND, **changes))  # type: ignore[arg-type]
    assert all(each.what and each.because and each.to_do for each in found)
    return [str(each) for each in found]


def test_where_all_serves_nothing_is_degraded() -> None:
    assert degraded(SOUND) == ()


def test_a_machine_without_a_gpu_a_bundle_or_a_battery_is_not_degraded_by_that() -> None:
    installed = replace(SOUND.installed, bundle_id=None, compiled_for=None, fits=None, points=())
    backends = (Backend("ONNX Runtime", "1.23.0", ("CPUExecutionProvider",), None), SOUND.software.backends[1])
    backends = (backends[0], replace(backends[1], version=None, why_not="not installed"))
    assert not sentences(
        clocks=(CPU, ABSENT, EMC),
        installed=installed,
        battery=None,
        software=replace(SOUND.software, backends=backends),
    )


def test_clocks_that_only_root_may_set_cost_their_savings() -> None:
    clocks = tuple(replace(clock, settable=False, why_not=NEEDS_ROOT) for clock in (CPU, GPU, EMC))
    (sentence,) = sentences(clocks=clocks, powerd=NO_POWERD)
    assert "clocks cannot be set: energy savings from clocks are lost" in sentence
    assert f"CPU, GPU, EMC: {NEEDS_ROOT}" in sentence
    assert "edge-runtime powerd" in sentence


def test_a_powerd_that_serves_sets_the_clocks_for_everyone() -> None:
    clocks = tuple(replace(clock, settable=False, why_not=NEEDS_ROOT) for clock in (CPU, GPU, EMC))
    assert not sentences(clocks=clocks)
    without_clocks = replace(SOUND.powerd, status={"current": None, "problems": ["no clock can be set here"]})  # type: ignore[type-var]
    assert any("clocks cannot be set" in each for each in sentences(clocks=clocks, powerd=without_clocks))


def test_a_problem_of_powerd_is_passed_on() -> None:
    troubled = replace(SOUND.powerd, status={"current": {}, "problems": ["the allow-list cannot be read"]})  # type: ignore[type-var]
    (sentence,) = sentences(powerd=troubled)
    assert "powerd serves with a problem: the allow-list cannot be read" in sentence


def test_one_clock_that_cannot_be_set_is_named() -> None:
    (sentence,) = sentences(
        clocks=(CPU, GPU, replace(EMC, settable=False, why_not="debugfs is not mounted")), powerd=None
    )
    assert sentence.startswith("the memory's clock cannot be set")
    assert "debugfs is not mounted" in sentence
    (sentence,) = sentences(clocks=(CPU, replace(GPU, settable=False)), powerd=None)
    assert "the GPU's clock cannot be set: it stays where its governor puts it: no reason is known" in sentence


def test_a_machine_without_any_clock_loses_their_savings() -> None:
    (sentence,) = sentences(clocks=(ABSENT,))
    assert "clocks are neither read nor set: energy savings from clocks are lost" in sentence
    assert sentences(clocks=()) == [sentence]


def test_a_powerd_that_yielded_to_another_program_is_said() -> None:
    yielded = {"current": {}, "problems": [], "lease": {"pid": 77, "yielded": True}}
    (sentence,) = sentences(powerd=replace(SOUND.powerd, status=yielded))  # type: ignore[type-var]
    assert "another program changed them, and powerd yielded; process 77 holds the lease" in sentence
    held = {"current": {}, "problems": [], "lease": {"pid": 77, "yielded": False}}
    assert not sentences(powerd=replace(SOUND.powerd, status=held))  # type: ignore[type-var]


def test_without_any_sensor_energy_is_not_measured_and_the_reason_is_told() -> None:
    missing = (
        Missing("power rails", "no INA3221 answers", "give the container /sys"),
        Missing("thermometer", "no zone", "nothing"),
    )
    (sentence,) = sentences(total=None, counter=None, rails=(), missing=missing)
    assert sentence == (
        "energy is not measured: it is reported as predicted, or not at all: "
        "power rails: no INA3221 answers; to do: give the container /sys"
    )
    (sentence,) = sentences(total=None, counter=None, rails=())
    assert "no power rail and no energy counter answers" in sentence


def test_what_lacks_energy_is_not_named_twice() -> None:
    missing = (Missing("energy", "no rail can be read", "mount /sys"),)
    (sentence,) = sentences(total=None, counter=None, rails=(), missing=missing)
    assert sentence.endswith("or not at all: no rail can be read; to do: mount /sys")


def test_of_a_recording_only_the_board_can_tell_what_can_be_set() -> None:
    clocks = tuple(replace(clock, settable=False, why_not="a recording takes no writes") for clock in (CPU, GPU))
    (sentence,) = sentences(clocks=clocks, powerd=None)
    assert "to do: run doctor on the board itself" in sentence


def test_a_total_that_cannot_be_read_is_as_none_unless_a_counter_counts() -> None:
    silent = replace(VDD_IN, power_w=None)
    assert any("energy is not measured" in each for each in sentences(total=silent, counter=None))
    assert not sentences(total=silent)


def test_rails_that_do_not_answer_are_named() -> None:
    (sentence,) = sentences(rails=(VDD_IN, replace(VDD_SOC, power_w=None)))
    assert "some rails are not read: VDD_SOC" in sentence


def test_without_a_thermometer_warm_up_is_not_seen() -> None:
    (sentence,) = sentences(heat=Heat(None, None, ()))
    assert "throttling goes unseen until it costs latency" in sentence


def test_throttling_now_is_said_with_its_signs() -> None:
    (sentence,) = sentences(heat=Heat(99.0, True, ("cpu-throttle-alert at 3",)))
    assert "the board is throttling: cpu-throttle-alert at 3" in sentence


def test_an_onnx_runtime_that_does_not_load_serves_nothing() -> None:
    broken = Backend("ONNX Runtime", None, (), "cannot be imported: libcudart.so.12")
    (sentence,) = sentences(software=replace(SOUND.software, backends=(broken, SOUND.software.backends[1])))
    assert "no bundle can be served: ONNX Runtime cannot be imported: libcudart.so.12" in sentence


def without_gpu_provider(*, tensorrt: bool) -> Findings:
    ort = Backend("ONNX Runtime", "1.23.0", ("CPUExecutionProvider",), None)
    trt = Backend("TensorRT", "10.3.0" if tensorrt else None, (), None if tensorrt else "not installed")
    return replace(SOUND, software=replace(SOUND.software, backends=(ort, trt)))


def test_a_gpu_that_nothing_can_use_is_said() -> None:
    (found,) = degraded(without_gpu_provider(tensorrt=False))
    assert found.what == "inference runs on the CPU alone"
    assert degraded(without_gpu_provider(tensorrt=True)) == ()


def test_the_software_here_is_not_held_against_a_board_elsewhere() -> None:
    elsewhere = replace(SOUND.machine, is_this_machine=False, hardware="board.json")
    assert degraded(replace(without_gpu_provider(tensorrt=False), machine=elsewhere)) == ()


def test_an_unknown_board_is_asked_for_a_capture() -> None:
    (sentence,) = sentences(machine=replace(SOUND.machine, profile=None, support=None))
    assert "no profile matches NVIDIA Jetson Orin Nano" in sentence
    assert "edge-runtime capture" in sentence
    (sentence,) = sentences(machine=replace(SOUND.machine, profile=None, model=None))
    assert "a machine that names no model" in sentence


@pytest.mark.parametrize(
    ("support", "jetpack", "says"),
    [
        ("container", "5.1.2", "JetPack 5.1.2 brings a Python older than 3.10"),
        ("container", None, "JetPack 5 brings"),
        ("simulated", "4.6.6", "JetPack 4.6.6 is older than what the runtime is tested on"),
        ("simulated", None, "JetPack 4 is older"),
    ],
)
def test_a_board_with_an_old_jetpack_is_told_so(support: str, jetpack: str | None, says: str) -> None:
    (sentence,) = sentences(machine=replace(SOUND.machine, support=support, jetpack=jetpack))
    assert says in sentence


def test_inside_a_container_a_jetpack_5_board_is_as_it_should_be() -> None:
    assert not sentences(machine=replace(SOUND.machine, support="container", container=True))


def test_a_bundle_that_cannot_be_used_is_said_alone() -> None:
    installed = replace(SOUND.installed, error="golden.npz was changed", fits=False)
    (sentence,) = sentences(installed=installed)
    assert "the installed bundle cannot be served: golden.npz was changed" in sentence


def test_a_bundle_for_another_board_is_said() -> None:
    (sentence,) = sentences(installed=replace(SOUND.installed, fits=False, compiled_for="tx2"))
    assert "it was compiled for tx2, which is another board than this" in sentence


def test_modes_whose_clocks_cannot_be_held_are_named_with_the_first_reason() -> None:
    points = (
        BundlePoint("fast", POINT, False, "GPU at 1020 MHz: capped at 612 MHz now"),
        BundlePoint("slow", POINT, True, None),
        BundlePoint("best", POINT, False, "CPU at 1728 MHz: not in this machine's table"),
    )
    (sentence,) = sentences(installed=replace(SOUND.installed, points=points))
    assert "cannot be held in mode fast, best" in sentence
    assert "GPU at 1020 MHz: capped at 612 MHz now" in sentence
