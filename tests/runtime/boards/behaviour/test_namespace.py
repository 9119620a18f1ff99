"""Paths, links and permissions of the model's kernel."""

from __future__ import annotations

import errno

import pytest

from runtime.boards.behaviour.namespace import READ, WRITE, Namespace, allows
from runtime.boards.behaviour.node import File, Folder, Link, fixed

ROOT, USER = 0, 1000


@pytest.fixture
def there() -> dict[str, bool]:
    return {"gate": True}


@pytest.fixture
def space(there: dict[str, bool]) -> Namespace:
    return Namespace(
        {
            "/sys/devices/gpu/devfreq/gpu/cur_freq": fixed("1\n"),
            "/sys/devices/gpu/devfreq/gpu/device": Link("/sys/devices/gpu"),
            "/sys/class/devfreq/gpu": Link("/sys/devices/gpu/devfreq/gpu"),
            "/sys/class/empty": Folder(),
            "/sys/kernel/debug": Folder(0o700),
            "/sys/kernel/debug/rate": fixed("2\n", mode=0o600),
            "/sys/gated/value": File(lambda: "3\n", present=lambda: there["gate"]),
            "/loop": Link("/loop"),
        }
    )


def refused(space: Namespace, path: str, uid: int = ROOT, wanted: int = READ) -> int | None:
    with pytest.raises(OSError, match=r"\[Errno") as caught:
        space.file(path, uid, wanted)
    return caught.value.errno


def test_a_link_leads_to_what_it_names() -> None:
    space = Namespace({"/a/b": fixed("x"), "/c": Link("/a")})
    assert space.file("/c/b", USER, READ)[0] == "/a/b"


def test_links_lead_through_links_and_back_up(space: Namespace) -> None:
    path = "/sys/class/devfreq/gpu/device/devfreq/gpu/device/../gpu/./devfreq/gpu/cur_freq"
    assert space.real_path(path, USER) == "/sys/devices/gpu/devfreq/gpu/cur_freq"


def test_names_are_sorted_and_those_of_the_target(space: Namespace) -> None:
    assert space.names("/sys/class/devfreq/gpu/", USER) == ("cur_freq", "device")
    assert space.names("/", USER) == ("loop", "sys")
    assert space.names("/sys/class/empty", USER) == ()


@pytest.mark.parametrize(
    ("path", "number"),
    [
        ("/sys/nothing", errno.ENOENT),
        ("/sys/class", errno.EISDIR),
        ("/sys/devices/gpu/devfreq/gpu/cur_freq/more", errno.ENOTDIR),
        ("/loop/x", errno.ELOOP),
    ],
)
def test_a_path_that_leads_nowhere_is_refused_as_the_kernel_refuses_it(
    space: Namespace, path: str, number: int
) -> None:
    assert refused(space, path) == number


def test_a_file_has_no_names(space: Namespace) -> None:
    with pytest.raises(NotADirectoryError):
        space.names("/sys/kernel/debug/rate", ROOT)


def test_a_folder_for_root_alone_hides_what_is_in_it(space: Namespace) -> None:
    assert refused(space, "/sys/kernel/debug/rate", USER) == errno.EACCES
    assert refused(space, "/sys/kernel/debug/nothing", USER) == errno.EACCES
    with pytest.raises(PermissionError):
        space.names("/sys/kernel/debug", USER)
    assert space.names("/sys/kernel/debug", ROOT) == ("rate",)


def test_what_is_gone_takes_its_folder_along(space: Namespace, there: dict[str, bool]) -> None:
    assert "gated" in space.names("/sys", USER)
    there["gate"] = False
    assert "gated" not in space.names("/sys", USER)
    assert refused(space, "/sys/gated/value") == errno.ENOENT


def test_root_is_held_to_the_owners_bits(space: Namespace) -> None:
    assert refused(space, "/sys/class/devfreq/gpu/cur_freq", ROOT, WRITE) == errno.EACCES
    assert allows(0o200, ROOT, WRITE)
    assert not allows(0o200, ROOT, READ)
    assert not allows(0o644, USER, WRITE)


def test_modes_are_told(space: Namespace) -> None:
    assert space.mode("/sys/kernel/debug/rate", ROOT) == 0o600
    assert space.mode("/sys/class", USER) == 0o755
