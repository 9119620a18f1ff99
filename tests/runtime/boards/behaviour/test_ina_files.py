"""The files of the power sensors."""

from __future__ import annotations

from contextlib import nullcontext

import pytest

from runtime.boards.behaviour import BehaviouralTree, Quirks, behavioural_board
from runtime.boards.behaviour.ina import Ina238Chip, Ina3221Chip
from runtime.boards.behaviour.ina_files import hwmon_nodes, ina238_nodes
from runtime.boards.behaviour.layout import Channel, Ina238, Ina3221
from runtime.boards.behaviour.namespace import READ, Namespace
from runtime.boards.simulated_time import SimulatedTime

from .orin_paths import ORIN, WORK

CHIP = "/sys/bus/i2c/drivers/ina3221/1-0040/hwmon"


def base(tree: BehaviouralTree) -> str:
    return f"{CHIP}/{tree.names(CHIP)[0]}"


def rail_w(tree: BehaviouralTree, key: int) -> float:
    where = base(tree)
    return int(tree.read(f"{where}/in{key}_input")) * int(tree.read(f"{where}/curr{key}_input")) / 1e6


def test_volts_times_amperes_are_the_rails_watts_to_a_step() -> None:
    tree = behavioural_board(ORIN)
    for load in (nullcontext(), tree.running(WORK)):
        with load:
            tree.time.sleep(1.0)
            drawn_w = tree.drawn_w()
            for key, rail in enumerate(("VDD_IN", "VDD_CPU_GPU_CV", "VDD_SOC"), start=1):
                assert tree.read(f"{base(tree)}/in{key}_label").decode() == f"{rail}\n"
                assert rail_w(tree, key) == pytest.approx(drawn_w[rail], abs=0.02)


def test_the_mainline_driver_has_its_files_and_none_for_power() -> None:
    tree = behavioural_board(ORIN)
    names = tree.names(base(tree))
    assert {"name", "in7_label", "in7_input", "in4_input", "update_interval", "samples", "curr1_max"} <= set(names)
    assert not [name for name in names if name.startswith("power")]
    assert tree.read(f"{base(tree)}/shunt1_resistor") == b"5000\n"
    assert tree.read(f"{base(tree)}/update_interval") == b"7\n"
    assert tree.read(f"{base(tree)}/in7_label") == b"sum of shunt voltages\n"
    assert int(tree.read(f"{base(tree)}/in7_input")) > 0


def test_reading_takes_up_to_a_conversion() -> None:
    tree = behavioural_board(ORIN)
    tree.read(f"{base(tree)}/curr1_input")
    began_s = tree.time.now_s()
    for _ in range(10):
        tree.read(f"{base(tree)}/curr1_input")
    assert tree.time.now_s() - began_s == pytest.approx(10 * 6.6e-3, abs=6.7e-3)


def test_names_and_labels_do_not_wait() -> None:
    tree = behavioural_board(ORIN)
    tree.read(f"{base(tree)}/in1_label")
    assert tree.time.now_s() == 0.0


def test_root_may_tune_the_chip() -> None:
    tree = behavioural_board(ORIN)
    tree.write(f"{base(tree)}/samples", "4")
    assert tree.read(f"{base(tree)}/samples") == b"4\n"
    tree.write(f"{base(tree)}/in1_enable", "0")
    assert tree.read(f"{base(tree)}/in1_enable") == b"0\n"
    with pytest.raises(OSError, match="No data available"):
        tree.read(f"{base(tree)}/curr1_input")
    tree.write(f"{base(tree)}/curr1_crit", "1000")


def test_readings_scatter_where_they_are_told_to() -> None:
    tree = behavioural_board(ORIN, quirks=Quirks(sensor_noise_w=0.3))
    assert len({rail_w(tree, 1) for _ in range(10)}) > 1


def test_an_unconnected_channel_is_labelled_so() -> None:
    chip = Ina3221Chip(
        Ina3221("1-0041", (Channel(None, 5.0, 5e-3),)), lambda _: 1.0, SimulatedTime().now_s, waits=False
    )
    file = Namespace(hwmon_nodes(chip, 0)).file("/sys/class/hwmon/hwmon0/in1_label", 0, READ)[1]
    assert file.read is not None
    assert file.read() == "NC\n"


def test_on_jetpack_4_values_carry_their_units() -> None:
    tree = behavioural_board("tx2")
    folder = "/sys/bus/i2c/drivers/ina3221x/0-0041"
    device = f"{folder}/{tree.names(folder)[0]}"
    assert tree.names(folder)[0].startswith("iio:device")
    assert tree.read(f"{device}/rail_name_0") == b"VDD_IN\n"
    number, unit = tree.read(f"{device}/in_power0_input").split()
    assert unit == b"mw"
    assert int(number) / 1000 == pytest.approx(tree.drawn_w()["VDD_IN"], abs=0.05)
    assert tree.read(f"{device}/warn_current_limit_0") == b"32760 ma\n"
    assert tree.read(f"{device}/in_voltage0_input").endswith(b" mv\n")


def test_thors_chip_gives_power_in_microwatts() -> None:
    chip = Ina238Chip(Ina238("2-0044", "VIN", 19.0, 2e-3), lambda _: 40.0)
    space = Namespace(ina238_nodes(chip, 3))
    values = {}
    for name in space.names("/sys/class/hwmon/hwmon3", 0):
        read = space.file(f"/sys/class/hwmon/hwmon3/{name}", 0, READ)[1].read
        assert read is not None
        values[name] = read().strip()
    assert values["power1_input"] == "40000000"
    assert (values["name"], values["in1_label"], values["shunt_resistor"]) == ("ina238", "VIN", "2000")
