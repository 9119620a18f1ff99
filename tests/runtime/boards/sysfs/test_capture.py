"""A snapshot of a tree answers as the tree did."""

from __future__ import annotations

import errno
import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.boards.behaviour import Quirks, behavioural_board
from runtime.boards.behaviour.layouts import LAYOUTS
from runtime.boards.profile import profile
from runtime.boards.sensors import find_sensors
from runtime.boards.sysfs.battery import find_battery
from runtime.boards.sysfs.capture import (
    MAX_VALUE_BYTES,
    Capture,
    CapturedIO,
    Entry,
    EntryKind,
    Facts,
    capture,
    facts_of,
    no_mode,
)
from runtime.boards.sysfs.clocks import SysfsClocks
from runtime.boards.sysfs.identity import identify
from runtime.boards.sysfs.io import SysfsIO
from runtime.boards.sysfs.thermal import ThermalZones
from runtime.boards.sysfs.throttle import throttle_signs
from runtime.boards.sysfs.tree import TreeIO
from runtime.boards.sysfs.whitelist import patterns
from tests.runtime.boards.behaviour.every_board import EVERY_BOARD
from tests.runtime.boards.sysfs.recorded_trees import DictTree

EVERYTHING = ("/*", "/*/*", "/*/*/*", "/*/*/*/*", "/*/*/*/*/*")
NAMES = st.sampled_from(["clk", "emc", "gpu", "rate", "17000000.gpu"])
ERRORS = st.sampled_from([errno.EACCES, errno.EAGAIN, errno.ENODATA, errno.EINVAL, errno.EIO])


def ticking() -> float:
    return 0.0


def answer(io: SysfsIO, verb: str, path: str) -> bytes | tuple[str, ...] | int | None:
    """What reading or listing gives: a value, or the errno."""
    try:
        return io.read(path) if verb == "read" else io.names(path)
    except OSError as error:
        return error.errno


@st.composite
def trees(draw: st.DrawFn) -> DictTree:
    """Trees up to four levels deep, of files, empty folders, closed folders, and files that cannot be read."""
    nodes: dict[str, bytes | int | None] = {}
    paths = draw(
        st.lists(st.lists(NAMES, min_size=1, max_size=4).map(lambda parts: "/" + "/".join(parts)), max_size=12)
    )
    for path in sorted(set(paths), key=len, reverse=True):
        if not any(other.startswith(f"{path}/") for other in nodes):
            nodes[path] = draw(st.one_of(st.none(), st.binary(max_size=20), ERRORS))
    return DictTree(nodes)


@given(trees())
def test_replayed_a_tree_gives_the_same_values_names_and_errors(tree: DictTree) -> None:
    replayed = CapturedIO(capture(tree, EVERYTHING, ticking))
    known = {"/", "/nowhere", "/clk/nowhere"}
    for path in tree.nodes:
        parts = path.split("/")[1:]
        known |= {"/" + "/".join(parts[:depth]) for depth in range(1, len(parts) + 1)} | {f"{path}/below"}
    for path in sorted(known):
        assert answer(replayed, "names", path) == answer(tree, "names", path), path
        assert answer(replayed, "read", path) == answer(tree, "read", path), path


@given(trees())
def test_what_was_recorded_twice_is_the_same_and_nothing_was_written(tree: DictTree) -> None:
    once = capture(tree, EVERYTHING, ticking)
    assert capture(CapturedIO(once), EVERYTHING, ticking) == once
    assert tree.writes == []


def test_only_what_a_pattern_names_is_looked_at() -> None:
    looked: list[str] = []

    class Watched(DictTree):
        def read(self, path: str) -> bytes:
            looked.append(path)
            return super().read(path)

    tree = Watched({"/etc/passwd": b"x", "/etc/nv_tegra_release": b"# R36", "/home/me/diary": b"y"})
    recorded = capture(tree, ("/etc/nv_tegra_release",), ticking)
    assert looked == ["/etc/nv_tegra_release"]
    assert CapturedIO(recorded).names("/") == ("etc",)
    assert CapturedIO(recorded).names("/etc") == ("nv_tegra_release",)


PERSONAL = {
    "/proc/device-tree/model": b"NVIDIA Jetson Orin Nano Developer Kit\0",
    "/proc/device-tree/serial-number": b"1424521012345\0",
    "/sys/class/power_supply/BAT0/type": b"Battery\n",
    "/sys/class/power_supply/BAT0/serial_number": b"SN-4711\n",
    "/sys/class/power_supply/BAT0/uevent": b"POWER_SUPPLY_SERIAL_NUMBER=SN-4711\n",
    "/sys/class/power_supply/hid-aa:bb:cc:dd:ee:ff-battery/type": b"Battery\n",
    "/sys/class/net/eth0/address": b"48:b0:2d:12:34:56\n",
    "/sys/class/devfreq/17000000.gpu/uevent": b"SERIAL=SN-4711\n",
    "/proc/version": b"Linux version 5.15 (alice@alices-laptop) #1\n",
    "/proc/sys/kernel/hostname": b"alices-jetson\n",
    "/etc/hostname": b"alices-jetson\n",
    "/etc/nvpmodel.conf": b"# eth0 48:b0:2d:12:34:56\n",
    "/run/.containerenv": b'name="alices-project"\n',
}


@pytest.mark.parametrize(
    "wanted", [patterns(), (*patterns(), *EVERYTHING, "/*/*/*/*/*/*")], ids=["whitelist", "everything"]
)
def test_no_serial_number_address_or_host_is_recorded_even_if_a_pattern_asks_for_it(wanted: tuple[str, ...]) -> None:
    recorded = capture(DictTree(PERSONAL), wanted, ticking)
    held = b"\n".join(
        [*(entry.value or b"" for entry in recorded.entries.values()), *map(str.encode, recorded.entries)]
    )
    for secret in (b"4711", b"1424521012345", b"48:b0", b"alice@", b"aa:bb:cc", b"laptop", b"project"):
        assert secret not in held
    assert CapturedIO(recorded).read("/proc/device-tree/model") == PERSONAL["/proc/device-tree/model"]
    assert CapturedIO(recorded).names("/sys/class/power_supply") == ("BAT0",)


def test_the_whitelist_records_no_host_name() -> None:
    assert not [path for path in capture(DictTree(PERSONAL), patterns(), ticking).entries if "hostname" in path]


def test_read_times_and_modes_are_kept() -> None:
    moments = iter([1.0, 1.25])
    recorded = capture(DictTree({"/a": b"1"}), ("/a",), lambda: next(moments), mode_of=lambda _: 0o444)
    assert recorded.entries["/a"] == Entry(EntryKind.FILE, b"1", mode=0o444, read_s=0.25)
    assert CapturedIO(recorded).mode_of("/a") == 0o444
    assert CapturedIO(recorded).mode_of("/b") is None
    assert no_mode("/a") is None


def test_a_failed_read_is_kept_with_its_errno() -> None:
    tree = DictTree({"/t/temp": errno.EAGAIN, "/t/type": b"gpu-thermal\n"})
    recorded = capture(tree, ("/t/temp", "/t/type"), ticking)
    assert recorded.unreadable(errno.EAGAIN) == ("/t/temp",)
    with pytest.raises(BlockingIOError):
        CapturedIO(recorded).read("/t/temp")


def test_below_a_closed_folder_everything_is_as_closed() -> None:
    tree = DictTree({"/debug": errno.EACCES})
    recorded = capture(tree, ("/debug/clk/emc/rate", "/debug/*/rate"), ticking)
    assert list(recorded.entries) == ["/debug"]
    with pytest.raises(PermissionError):
        CapturedIO(recorded).read("/debug/clk/emc/rate")
    with pytest.raises(PermissionError):
        CapturedIO(recorded).names("/debug/clk")


class OpenToWhoKnows(DictTree):
    """Its folder /open may not be listed, but files in it may be read by name."""

    def names(self, folder: str) -> tuple[str, ...]:
        if folder == "/open":
            raise PermissionError(errno.EACCES, "no listing")
        return super().names(folder)


def test_in_a_folder_that_cannot_be_listed_files_are_tried_by_name() -> None:
    tree = OpenToWhoKnows({"/open/rate": b"1", "/open/sick": errno.EIO})
    recorded = capture(tree, ("/open/rate", "/open/absent", "/open/sick", "/open/*"), ticking)
    assert set(recorded.entries) == {"/open", "/open/rate", "/open/sick"}
    assert CapturedIO(recorded).read("/open/rate") == b"1"


def test_an_error_without_a_number_is_an_input_output_error() -> None:
    class Nameless(DictTree):
        def read(self, path: str) -> bytes:
            raise OSError(f"{path} went wrong")

    assert capture(Nameless({"/a": b""}), ("/a",), ticking).unreadable(errno.EIO) == ("/a",)


def test_long_values_are_cut_and_say_so() -> None:
    recorded = capture(DictTree({"/a": b"x" * (MAX_VALUE_BYTES + 1), "/b": b"x" * MAX_VALUE_BYTES}), ("/*",), ticking)
    assert recorded.entries["/a"].cut
    assert len(CapturedIO(recorded).read("/a")) == MAX_VALUE_BYTES
    assert not recorded.entries["/b"].cut


def test_links_are_followed_and_circles_end(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "name").write_text("gpu\n")
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "real" / "up").symlink_to("..")
    (tmp_path / "self").symlink_to("self")
    recorded = capture(TreeIO(tmp_path), ("/link/name", "/*/up/*/up/*/name", "/self"), ticking)
    replayed = CapturedIO(recorded)
    assert replayed.read("/link/name") == b"gpu\n"
    assert replayed.read("/link/up/real/up/link/name") == b"gpu\n"
    assert len(recorded.entries) < 40
    assert recorded.entries["/self"].error == errno.ELOOP


def test_a_real_folder_is_replayed_with_its_unreadable_files(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"\xff\x00")
    (tmp_path / "empty").mkdir()
    replayed = CapturedIO(capture(TreeIO(tmp_path), EVERYTHING, ticking))
    assert replayed.read("/a") == b"\xff\x00"
    assert replayed.names("/") == ("a", "empty")
    assert replayed.names("/empty/") == ()


@pytest.mark.parametrize(
    ("path", "number"),
    [
        ("/a", errno.EROFS),
        ("/folder", errno.EROFS),
        ("/b", errno.ENOENT),
        ("/closed/a", errno.EACCES),
        ("/a/b", errno.ENOTDIR),
    ],
)
def test_a_capture_takes_no_writes(path: str, number: int) -> None:
    tree = DictTree({"/a": b"1", "/folder": None, "/closed": errno.EACCES})
    with pytest.raises(OSError, match=r".") as refused:
        CapturedIO(capture(tree, EVERYTHING, ticking)).write(path, "2")
    assert refused.value.errno == number
    assert refused.value.filename == path


def test_an_entry_without_the_folders_above_it_is_found_all_the_same() -> None:
    replayed = CapturedIO(Capture({"/sys/class/name": Entry(EntryKind.FILE, b"x")}))
    assert replayed.names("/sys") == ("class",)
    assert replayed.read("//sys/./class/name/") == b"x"
    assert answer(replayed, "names", "/sys/class/name") == errno.ENOTDIR


@pytest.mark.parametrize("uid", [0, 1000])
@pytest.mark.parametrize(("board", "quirks"), EVERY_BOARD)
def test_a_board_is_found_in_its_capture_as_it_is_found_itself(board: str, quirks: Quirks, uid: int) -> None:
    tree = behavioural_board(board, quirks=quirks, uid=uid)
    replayed = CapturedIO(capture(tree, patterns(), ticking))
    assert identify(replayed) == replace(identify(tree), boot_id=None)  # which nobody needs to know
    itself, recorded = SysfsClocks(tree), SysfsClocks(replayed)
    for name, domain in itself.domains.items():
        copy = recorded.domains[name]
        assert (copy.present(), copy.table_hz(), copy.limits_hz()) == (
            domain.present(),
            domain.table_hz(),
            domain.limits_hz(),
        )
        assert (copy.current_hz(), copy.held_hz()) == (domain.current_hz(), domain.held_hz())
        assert copy.snapshot_values() == domain.snapshot_values()
        if not copy.present():
            assert copy.why_not_settable() == domain.why_not_settable()
    assert tree.writes == []


@pytest.mark.parametrize("quirks", [Quirks(), Quirks(has_battery=True)], ids=["plugged in", "on a battery"])
@pytest.mark.parametrize("board", sorted(LAYOUTS))
def test_every_sensor_of_a_board_is_in_its_capture(board: str, quirks: Quirks) -> None:
    tree = behavioural_board(board, quirks=quirks)
    replayed = CapturedIO(capture(tree, patterns(), ticking))
    itself, recorded = find_sensors(tree, profile(board)), find_sensors(replayed, profile(board))
    assert list(recorded.rails) == list(itself.rails) != []
    for name, sensor in itself.rails.items():
        live, copied = sensor.read(), recorded.rails[name].read()
        assert (live is None) == (copied is None), name
        if live is not None and copied is not None:
            assert copied.quantum_w == pytest.approx(live.quantum_w, rel=0.1)
    assert recorded.missing == itself.missing
    assert (recorded.power is None) == (itself.power is None)
    assert ThermalZones(replayed).by_zone_c() == pytest.approx(ThermalZones(tree).by_zone_c(), abs=1.0)
    assert throttle_signs(replayed) == throttle_signs(tree)
    battery = find_battery(replayed)
    assert (battery is not None) == quirks.has_battery == (find_battery(tree) is not None)


def test_facts_are_what_the_tree_says_of_its_machine() -> None:
    tree = DictTree(
        {
            "/proc/device-tree/model": b"NVIDIA Jetson AGX Orin\0",
            "/etc/nv_tegra_release": b"# R36 (release), REVISION: 4.3\n# KERNEL_VARIANT: oot\n",
            "/proc/sys/kernel/osrelease": b"5.15.148-tegra\n",
        }
    )
    taken_at = "2026-01-01T00:00:00+00:00"
    assert facts_of(
        tree, architecture="aarch64", taken_at=taken_at, tool_version="1", as_root=False, simulated=False
    ) == (
        Facts(
            model="NVIDIA Jetson AGX Orin",
            l4t="# R36 (release), REVISION: 4.3",
            kernel="5.15.148-tegra",
            architecture="aarch64",
            taken_at="2026-01-01T00:00:00+00:00",
            tool_version="1",
            as_root=False,
            simulated=False,
        )
    )


def test_a_machine_that_says_nothing_has_no_facts() -> None:
    found = facts_of(
        DictTree({}),
        architecture="x86_64",
        taken_at="now",
        tool_version="1",
        as_root=os.geteuid() == 0,
        simulated=False,
    )
    assert (found.model, found.l4t, found.kernel) == (None, None, None)
