"""What a capture may hold, and what it may never hold."""

from __future__ import annotations

import pytest

from runtime.boards.sysfs.whitelist import WHITELIST, is_personal, patterns, redacted


def test_every_pattern_is_an_absolute_path_that_no_star_leads_out_of() -> None:
    for pattern in patterns():
        assert pattern.startswith("/")
        assert "**" not in pattern
        assert all(part not in ("", ".", "..") for part in pattern[1:].split("/"))


def test_no_group_is_empty_and_no_pattern_is_listed_twice() -> None:
    assert all(WHITELIST.values())
    assert len(set(patterns())) == len(patterns())


def test_no_pattern_names_what_is_personal() -> None:
    assert [pattern for pattern in patterns() if any(is_personal(part) for part in pattern.split("/"))] == []


@pytest.mark.parametrize(
    "name",
    ["serial_number", "serial-number", "uevent", "uuid", "hostname", "machine-id", "address", "mac_address",
     "hid-aa:bb:cc:dd:ee:ff-battery", "AA-BB-CC-DD-EE-FF"],
)  # fmt: skip
def test_names_of_serial_numbers_addresses_and_hosts_are_personal(name: str) -> None:
    assert is_personal(name)


@pytest.mark.parametrize(
    "name", ["model", "name", "BAT0", "17000000.gpu", "1-0040", "hwmon3", "intel-rapl:0:0", "caf\udce9"]
)
def test_names_of_hardware_are_not_personal(name: str) -> None:
    assert not is_personal(name)


def test_hardware_addresses_are_blanked_in_any_value() -> None:
    assert redacted("/etc/nvpmodel.conf", b"at 48:B0:2D:12:34:56 now") == b"at 00:00:00:00:00:00 now"


def test_who_compiled_the_kernel_and_where_is_blanked() -> None:
    version = b"Linux version 5.15.185-tegra (buildbrain@mobile-u64-6336) (gcc 11.4.0) #1 SMP\n"
    assert redacted("/proc/version", version) == b"Linux version 5.15.185-tegra (redacted) (gcc 11.4.0) #1 SMP\n"


def test_of_a_container_only_its_presence_is_kept() -> None:
    assert redacted("/run/.containerenv", b'name="my-secret-project"') == b""


def test_clock_tables_pass_as_they_are() -> None:
    assert redacted("/sys/class/devfreq/17000000.gpu/available_frequencies", b"306000000 408000000\n") == (
        b"306000000 408000000\n"
    )
