"""The boards that the model knows."""

from __future__ import annotations

import pytest

from runtime.boards.behaviour.ina import SHUNT_STEP_UV
from runtime.boards.behaviour.layout import Ina238, Ina3221, Layout
from runtime.boards.behaviour.layouts import LAYOUTS, layout_of
from runtime.boards.profile import known_boards, profile
from runtime.contract.errors import BoardError

KNOWN = [layout for name, layout in LAYOUTS.items() if name in known_boards()]
KERNELS = {"4": (4, 9), "5": (5, 10), "6": (5, 15), "7": (6, 8)}
RELEASES = {"4": "R32", "5": "R35", "6": "R36", "7": "R39"}


@pytest.fixture(params=LAYOUTS.values(), ids=LAYOUTS.keys())
def layout(request: pytest.FixtureRequest) -> Layout:
    found: Layout = request.param
    return found


def test_release_and_kernel_are_those_of_the_jetpack(layout: Layout) -> None:
    major = layout.jetpack[0]
    assert layout.kernel_version == KERNELS[major]
    assert layout.l4t.startswith(RELEASES[major])


def test_only_jetpack_4_has_the_iio_driver(layout: Layout) -> None:
    assert (layout.ina_driver == "ina3221x") == layout.jetpack.startswith("4")


def test_cores_are_counted_from_0_and_belong_to_one_cluster(layout: Layout) -> None:
    cores = sorted(cpu for cluster in layout.clusters for cpu in cluster.cpus)
    assert cores == list(range(len(cores)))


def test_compatible_ends_in_the_chip(layout: Layout) -> None:
    assert layout.compatible[-1].startswith("nvidia,tegra")


@pytest.mark.parametrize("known", KNOWN, ids=lambda layout: layout.profile)
def test_the_sensors_read_every_rail_that_the_profile_adds_up(known: Layout) -> None:
    rails = {channel.rail for chip in known.sensors if isinstance(chip, Ina3221) for channel in chip.channels}
    rails |= {chip.rail for chip in known.sensors if isinstance(chip, Ina238)}
    assert set(profile(known.profile).rails.total) <= rails


@pytest.mark.parametrize("known", KNOWN, ids=lambda layout: layout.profile)
def test_the_steps_of_the_total_rails_are_those_that_the_profile_gives(known: Layout) -> None:
    rails = profile(known.profile).rails
    chips = [chip for chip in known.sensors if isinstance(chip, Ina3221)]
    channels = [channel for chip in chips for channel in chip.channels if channel.rail in rails.total]
    steps_w = [channel.bus_v * SHUNT_STEP_UV * 1e-6 / channel.shunt_ohm for channel in channels]
    assert steps_w == pytest.approx([rails.quantum_w] * len(steps_w), rel=0.1)


@pytest.mark.parametrize("known", KNOWN, ids=lambda layout: layout.profile)
def test_the_profile_recognises_the_model(known: Layout) -> None:
    assert set(profile(known.profile).compatible) & set(known.compatible)


def test_every_jetson_profile_has_a_model() -> None:
    assert {name for name in known_boards() if profile(name).jetpack} <= set(LAYOUTS)


def test_an_unknown_board_is_refused_with_the_known_ones() -> None:
    with pytest.raises(BoardError, match="there is no behavioural model of 'x86-cpu'") as caught:
        layout_of("x86-cpu")
    assert "orin-nano-super" in str(caught.value)
