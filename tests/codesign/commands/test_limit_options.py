"""codesign/commands/limit_options.py"""

from __future__ import annotations

from argparse import ArgumentParser

import pytest

from codesign.commands.limit_options import add_limit_arguments, limit_settings
from codesign.search.constraints import CONSTRAINTS
from codesign.walk.settings import LIMITS, Settings
from runtime.contract.errors import ConfigError


def settings(*options: str) -> Settings:
    parser = ArgumentParser()
    add_limit_arguments(parser)
    return Settings("digits", "tx2", **limit_settings(parser.parse_args(options)))


def test_no_limit_is_the_default() -> None:
    assert settings() == Settings("digits", "tx2")


def test_every_limit_arrives_in_si_units() -> None:
    asked = settings(
        *("--min-accuracy", "0.9", "--max-mean-latency-ms", "2", "--max-p99-latency-ms", "3", "--max-latency-ms", "4"),
        *("--max-energy-mj", "5", "--max-memory-mb", "6", "--max-size-mb", "7", "--min-throughput", "8"),
        *("--batch", "9", "--leave-out-clocks", "gpu=306,emc=0-665"),
    )
    assert (asked.min_accuracy, asked.batch, asked.left_out_clocks) == (0.9, 9, ("gpu=306", "emc=0-665"))
    assert (asked.max_mean_latency_s, asked.max_p99_latency_s, asked.max_latency_s) == (0.002, 0.003, 0.004)
    assert (asked.max_energy_j, asked.max_memory_bytes, asked.max_size_bytes) == (0.005, 6e6, 7e6)
    assert asked.min_images_per_s == 8.0


def test_the_options_that_errors_name_are_those_of_the_command() -> None:
    assert {constraint.option for constraint in CONSTRAINTS} == {option for option, _ in LIMITS.values()} | {
        "--min-accuracy"
    }


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--max-p99-latency-ms", "0"), "--max-p99-latency-ms must be a number above 0, got 0\n  to do: leave it out"),
        (("--max-memory-mb", "-1"), "--max-memory-mb must be a number above 0, got -1"),
        (("--min-throughput", "inf"), "--min-throughput must be a number above 0, got inf"),
        (("--min-accuracy", "90"), "--min-accuracy is a share between 0 and 1, got 90.0\n  to do: 90 per cent is 0.9"),
        (("--batch", "0"), "--batch must be at least 1, got 0"),
    ],
)
def test_limits_that_mean_nothing_are_refused(options: tuple[str, ...], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        settings(*options)
