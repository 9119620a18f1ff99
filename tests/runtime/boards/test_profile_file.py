"""Board profiles as files: what is wrong with one is said before anything is computed from it."""

from __future__ import annotations

from importlib import resources

import pytest

from runtime.boards.parameter import Basis
from runtime.boards.profile_file import parse_profile
from runtime.contract.errors import ConfigError

TX2 = (resources.files("runtime.boards") / "profiles" / "tx2.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("written", "instead", "message"),
    [
        ("[rails]", "[rails", "not TOML"),
        ("quantum_w =", "quantum_mw =", r"unknown key 'quantum_mw'\n  where: tx2.toml: \[rails\]"),
        ("total = ", "# total = ", r"missing key 'total'\n  where: tx2.toml: \[rails\]"),
        ('devices = ["gpu", "cpu"]', 'devices = ["gpu", "npu"]', "unknown devices"),
        ("114_750_000, 216_750_000", "216_750_000, 114_750_000", "a clock table must ascend"),
        ('default = "MAXP_CORE_ARM"', 'default = "MAXP"', "default mode 'MAXP' is not in the table"),
        ('total = ["VDD_IN"]', 'total = ["VDD"]', "total 'VDD' is not among the rails"),
        ('total = ["VDD_IN"]', "total = []", "total '' is not among the rails"),
        ('total = ["VDD_IN"]', 'total = ["VDD_IN", "VDD_SYS_GPU"]', "the total rails feed 1.9 of gpu, not all of it"),
        ("VDD_SYS_GPU = { gpu =", "VDD_SYS_GPU = { dla =", r"unknown key 'dla'\n  where: tx2.toml: \[rails\] feeds"),
        ("VDD_SYS_GPU = {", "VDD_GPU = {", r"unknown key 'VDD_GPU'\n  where: tx2.toml: \[rails\] feeds"),
        (
            'support = "simulated"',
            'support = "maybe"',
            r"unknown support 'maybe'(.|\n)*'container', 'simulated'",
        ),
        ("device_names = { gpu =", "device_names = { dla =", "unknown key 'dla'"),
        ("throttle_c = {", "throttle_k = {", r"unknown key 'throttle_k'\n  where: tx2.toml: \[thermal\]"),
        ("base_w = { value = 2.0", "base_w = { value = -2.0", r"base_w needs 1 finite value\(s\) of at least 0"),
        ("base_w = { value = 2.0", "base_w = { value = nan", r"base_w needs 1 finite value\(s\) of at least 0"),
        ("base_w = { value = 2.0", 'base_w = { value = "2"', r"base_w needs 1 finite value\(s\) of at least 0"),
        ("value = [0.10, ", "value = [", r"emc_idle_w needs 11 finite value\(s\)"),
        ('base_w = { value = 2.0, basis = "assumed"', 'base_w = { value = 2.0, basis = "known"', "how it is known"),
        ("gpu_max_hz = 854_250_000", "gpu_max_khz = 854_250", "unknown key 'gpu_max_khz'"),
    ],
)
def test_a_mistake_in_a_profile_is_named(written: str, instead: str, message: str) -> None:
    assert written in TX2
    with pytest.raises(ConfigError, match=message):
        parse_profile(TX2.replace(written, instead, 1), where="tx2.toml")


def test_a_parameter_without_a_source_is_refused() -> None:
    start = TX2.index('source = "', TX2.index("base_w =")) + len('source = "')
    without = TX2[:start] + TX2[TX2.index('"', start) :]
    with pytest.raises(ConfigError, match=r"base_w does not say how it is known(.|\n)*give a basis .* and a source"):
        parse_profile(without, where="tx2.toml")


def test_a_mode_may_leave_clocks_uncapped() -> None:
    assert parse_profile(TX2, where="tx2.toml").mode("MAXN").gpu_max_hz is None


def test_all_tx2_power_is_marked_as_assumed() -> None:
    board = parse_profile(TX2, where="tx2.toml")
    assert {parameter.basis for parameter in (*board.idle, *board.active["gpu"])} == {Basis.ASSUMED}


def test_an_empty_clock_table_is_a_clock_that_the_board_lacks() -> None:
    start = TX2.index("[clocks.emc]")
    without = TX2[:start] + '[clocks.emc]\nhz = []\nsource = "none"\n\n' + TX2[TX2.index("[rails]") :]
    start = without.index("emc_idle_w = {")
    emc_idle = 'emc_idle_w = { value = 0.0, basis = "assumed", source = "none" }'
    lacking = without[:start] + emc_idle + without[without.index("\n", start) :]
    assert parse_profile(lacking, where="tx2.toml").emc.hz == (0,)
