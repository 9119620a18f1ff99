"""Limits of building, and what is said of what was built."""

from __future__ import annotations

import math
from argparse import ArgumentParser

import pytest

from runtime.commands.engine_options import add_build_limits, builder_of, told
from runtime.contract.errors import ConfigError
from runtime.engine.engine_builder import BuildLimits
from runtime.engine.shipped_engines import Shipped
from runtime.install.engines import Readied


def test_the_defaults_are_those_of_the_builder() -> None:
    parser = ArgumentParser()
    add_build_limits(parser)
    args = parser.parse_args([])
    builder = builder_of(args.max_seconds, args.max_memory_mb, args.workspace_mb, print)
    assert builder.limits == BuildLimits()
    assert builder.report is print


@pytest.mark.parametrize(
    ("limits", "option"),
    [
        ((0.0, 1.0, 1.0), "seconds"),
        ((1.0, -1.0, 1.0), "memory-mb"),
        ((1.0, 1.0, 0.0), "workspace"),
        ((1.0, math.inf, 1.0), "memory-mb"),
    ],
)
def test_a_limit_of_nothing_is_refused(limits: tuple[float, float, float], option: str) -> None:
    with pytest.raises(ConfigError, match=rf"--\S*{option}\S* must be above 0"):
        builder_of(*limits, print)


def test_everything_that_happened_is_said() -> None:
    shipped = Shipped(("a",), ("engine b: it is not signed",), 2)
    assert list(told(Readied(4, 1, 2, ("stage 3: no",), shipped))) == [
        "engines: 1 came with the bundle, signed by a key that is trusted here",
        "engines: 2 came with the bundle for other boards or versions of TensorRT: not used",
        "engines: not taken over from the bundle: engine b: it is not signed",
        "engines: 4 stages, 1 had one, 2 built, 1 failed",
    ]
    assert list(told(Readied(1, 1, 0, ()))) == ["engines: 1 stages, 1 had one, 0 built, 0 failed"]
