"""Which machine this is, from what it says of itself."""

from __future__ import annotations

from dataclasses import replace

import pytest

from runtime.boards.profile import known_boards, profile
from runtime.boards.sysfs.identity import identify, jetpack_of, l4t_of, matching_profile

from .board_trees import MemoryTree

RELEASE = "# R36 (release), REVISION: 5.0, GCID: 43688277, BOARD: generic, EABI: aarch64, DATE: Fri Jan 16 2026\n"
ORIN = {
    "/proc/device-tree/model": "NVIDIA Jetson Orin Nano Engineering Reference Developer Kit Super\0",
    "/proc/device-tree/compatible": "nvidia,p3768-0000+p3767-0005-super\0nvidia,p3767-0005\0nvidia,tegra234\0",
    "/etc/nv_tegra_release": RELEASE,
    "/proc/sys/kernel/osrelease": "5.15.185-tegra\n",
    "/proc/sys/kernel/random/boot_id": "0b1f\n",
}
TX2 = profile("tx2")


def boards(**compatible: tuple[str, ...]) -> tuple[object, ...]:
    return tuple(replace(TX2, name=name.replace("_", "-"), compatible=entries) for name, entries in compatible.items())


def test_a_jetson_is_known_by_its_device_tree() -> None:
    identity = identify(MemoryTree(ORIN), architecture="aarch64", python="3.10.12")
    assert identity.profile == "orin-nano-super"
    assert identity.model == "NVIDIA Jetson Orin Nano Engineering Reference Developer Kit Super"
    assert identity.compatible == ("nvidia,p3768-0000+p3767-0005-super", "nvidia,p3767-0005", "nvidia,tegra234")
    assert (identity.l4t, identity.jetpack, identity.kernel) == ("36.5.0", "6.2.2", "5.15.185-tegra")
    assert (identity.boot_id, identity.architecture, identity.python) == ("0b1f", "aarch64", "3.10.12")
    assert not identity.in_container


@pytest.mark.parametrize("mark", ["/.dockerenv", "/run/.containerenv"])
def test_a_container_is_known_by_the_mark_it_leaves(mark: str) -> None:
    assert identify(MemoryTree({**ORIN, mark: ""})).in_container


def test_a_machine_that_says_nothing_is_not_guessed_at() -> None:
    identity = identify(MemoryTree({}))
    assert identity.model is identity.profile is identity.l4t is identity.jetpack is identity.kernel is None
    assert identity.compatible == ()


def test_a_board_without_a_profile_has_none() -> None:
    tree = MemoryTree({"/proc/device-tree/compatible": "raspberrypi,5-model-b\0brcm,bcm2712\0plain\0"})
    assert identify(tree, architecture="aarch64").profile is None


@pytest.mark.parametrize(
    ("architecture", "nvidia_gpu", "wanted"),
    [("x86_64", False, "x86-cpu"), ("x86_64", True, "nvidia-gpu"), ("aarch64", True, "nvidia-gpu")],
)
def test_a_pc_is_one_by_its_architecture_and_its_gpu(architecture: str, nvidia_gpu: bool, wanted: str) -> None:
    if wanted not in known_boards():
        pytest.skip(f"no profile {wanted}")
    assert identify(MemoryTree({}), architecture=architecture, nvidia_gpu=nvidia_gpu).profile == wanted


def test_an_arm_machine_without_a_device_tree_is_no_pc() -> None:
    assert identify(MemoryTree({}), architecture="aarch64").profile is None


@pytest.mark.parametrize(
    ("text", "l4t"),
    [
        (RELEASE, "36.5.0"),
        ("# R32 (release), REVISION: 7.6, GCID: 1", "32.7.6"),
        ("# R38 (release), REVISION: 2.0", "38.2.0"),
        ("Ubuntu", None),
        ("", None),
    ],
)
def test_the_release_is_read_from_its_first_line(text: str, l4t: str | None) -> None:
    assert l4t_of(text) == l4t


@pytest.mark.parametrize(
    ("l4t", "jetpack"),
    [
        ("32.7.6", "4.6.6"),
        ("35.6.5", "5.1.7"),
        ("36.3.0", "6.0"),
        ("36.4.7", "6.2.1"),
        ("38.2.1", "7.0"),
        ("39.2.2", "7.2.2"),
        ("36.99.0", "6"),  # not listed: no more than is known
        ("21.4.0", None),
    ],
)
def test_the_jetpack_follows_from_the_release_as_exactly_as_is_known(l4t: str, jetpack: str | None) -> None:
    assert jetpack_of(l4t) == jetpack


def test_the_most_particular_entry_decides() -> None:
    known = boards(general=("nvidia,tegra234",), module=("nvidia,p3767-0000",))
    assert matching_profile(("nvidia,p3767-0000", "nvidia,tegra234"), "", known) == "module"


def test_the_module_is_found_in_the_name_of_its_carrier() -> None:
    known = boards(module=("nvidia,p3767-0005",))
    assert matching_profile(("nvidia,p3768-0000+p3767-0005-super",), "", known) == "module"


@pytest.mark.parametrize(
    ("model", "fits"),
    [
        ("NVIDIA Jetson Orin Nano Developer Kit Super", "orin-nano-super"),
        ("NVIDIA Jetson Orin Nano Developer Kit", "orin-nano"),
        ("Custom Carrier", "orin-nano"),  # the lesser promise
    ],
)
def test_of_two_profiles_of_one_module_the_description_decides(model: str, fits: str) -> None:
    known = boards(orin_nano=("nvidia,p3767-0005",), orin_nano_super=("nvidia,p3767-0005",))
    assert matching_profile(("nvidia,p3767-0005",), model, known) == fits


def test_every_modelled_board_is_known_for_what_it_is() -> None:
    from runtime.boards.behaviour.board import behavioural_board
    from runtime.boards.behaviour.layouts import LAYOUTS
    from runtime.boards.simulated_time import SimulatedTime

    for board in sorted(set(LAYOUTS) & set(known_boards())):
        tree = behavioural_board(board, time=SimulatedTime())
        identity = identify(tree, architecture="aarch64")
        assert identity.profile == board
        assert identity.jetpack is not None
