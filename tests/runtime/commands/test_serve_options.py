"""What the options of `edge-runtime serve` ask for."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

import pytest

from runtime.commands.serve_options import add_options, budget_of, limits_of
from runtime.contract.errors import ConfigError
from runtime.serve.limits import Limits


def arguments(*more: object) -> Namespace:
    parser = ArgumentParser()
    add_options(parser)
    return parser.parse_args([*map(str, more)])


def test_whoever_asks_for_nothing_gets_the_usual_limits_and_listens_on_this_machine_only() -> None:
    args = arguments()
    assert limits_of(args) == Limits()
    assert (args.host, args.port, args.uds, args.provider) == ("127.0.0.1", 8000, None, "cpu")


def test_deadline_and_stage_limit_are_those_of_the_options() -> None:
    limits = limits_of(arguments("--deadline-ms", 250, "--stage-s", 2, "--max-body-mib", 0.5))
    assert (limits.deadline_s, limits.stage_s, limits.body_bytes) == (0.25, 2.0, 512 * 1024)


def test_a_request_may_be_as_large_as_the_queue_or_a_batch() -> None:
    assert limits_of(arguments("--queue", 5)).request_images == 5
    assert limits_of(arguments("--queue", 5, "--batch", 8)).request_images == 8


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--batch", 0), "--batch 0 answers nothing"),
        (("--inference-threads", 0), "--inference-threads 0 answers nothing"),
        (("--queue", 0), "a limit of queue_images=0"),
        (("--max-body-mib", "inf"), "--max-body-mib inf is no size"),
        (("--max-body-mib", "nan"), "--max-body-mib nan is no size"),
        (("--deadline-ms", "nan"), "a limit of deadline_s=nan"),
    ],
)
def test_limits_with_which_nothing_could_be_served_are_refused(options: tuple[object, ...], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        limits_of(arguments(*options))


def test_the_budget_is_in_megabytes_and_left_out_there_is_none() -> None:
    assert budget_of(arguments("--memory-budget", 1.5)) == 1_500_000
    assert budget_of(arguments()) is None


@pytest.mark.parametrize("wrong", [0.0, -1.0, float("inf"), float("nan")])
def test_a_budget_that_is_no_amount_is_refused(wrong: float) -> None:
    with pytest.raises(ConfigError, match=rf"a --memory-budget of {wrong:g} MB cannot be kept to"):
        budget_of(Namespace(memory_budget=wrong))


def test_the_token_is_a_file_and_never_an_argument() -> None:
    assert arguments("--token-file", "/etc/token").token_file == Path("/etc/token")
