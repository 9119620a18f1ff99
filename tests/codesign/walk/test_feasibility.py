"""What no design can meet is refused, with the nearest that can be met; what one can meet is not."""

from __future__ import annotations

import re
from typing import Any

import pytest
import torch

from codesign.search.chain_costs import ChainCosts
from codesign.search.constraints import CONSTRAINTS
from codesign.search.inner_grid import InnerLimits
from codesign.walk.feasibility import check_feasible, smallest_works
from codesign.walk.settings import LIMITS
from runtime.contract.errors import InfeasibleError
from runtime.contract.work import total
from tests.codesign.walk.conftest import Parts


def check(parts: Parts, limits: InnerLimits) -> None:
    check_feasible(parts.preset.space, parts.data, parts.solver.pricing, limits)


def costs_of_smallest(parts: Parts) -> ChainCosts:
    record = parts.evaluator((0,) * 9)
    return parts.solver.pricing.exited([record])


def test_the_work_is_that_of_the_record_the_search_would_make(parts: Parts) -> None:
    assert smallest_works(parts.preset.space, parts.data) == parts.evaluator((0,) * 9).works


def test_asking_draws_nothing_from_the_generator_that_training_uses(parts: Parts) -> None:
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    smallest_works(parts.preset.space, parts.data)
    assert torch.equal(torch.rand(1), expected)


def test_no_limit_is_always_met(parts: Parts) -> None:
    check(parts, InnerLimits())


@pytest.mark.parametrize(("share", "met"), [(0.999, False), (1.001, True)])
def test_the_border_is_the_smallest_network_at_its_fastest_clocks(parts: Parts, share: float, met: bool) -> None:
    fastest_s = float(costs_of_smallest(parts).stage_costs(0).latency_s.min())
    limits = InnerLimits(max_worst_latency_s=share * fastest_s)
    if met:
        check(parts, limits)
    else:
        with pytest.raises(InfeasibleError, match=r"no design can answer within .* ms on orin-nano-super gpu"):
            check(parts, limits)


def test_the_nearest_limit_that_is_named_can_be_met(parts: Parts) -> None:
    with pytest.raises(InfeasibleError) as caught:
        check(parts, InnerLimits(max_worst_latency_s=1e-6))
    named = re.search(r"allow ([\d.]+) ms or more", str(caught.value))
    assert named
    limits = InnerLimits(max_worst_latency_s=float(named[1]) / 1e3)
    check(parts, limits)
    fastest_s = float(costs_of_smallest(parts).stage_costs(0).latency_s.min())
    assert fastest_s < float(named[1]) / 1e3 < 1.1 * fastest_s


def test_a_rate_is_refused_only_where_even_leaving_at_once_is_too_slow(parts: Parts) -> None:
    costs = costs_of_smallest(parts)
    soonest_s = min(float(costs.stage_costs(mask).latency_s[0].min()) for mask in (0, 1, 2))
    check(parts, InnerLimits(requests_per_s=0.999 / soonest_s))
    with pytest.raises(
        InfeasibleError, match=rf"cannot be served .*{1 / soonest_s:.0f} per second at most\n  where: --r"
    ):
        check(parts, InnerLimits(requests_per_s=1.001 / soonest_s))


def test_entropy_is_counted_since_every_stage_of_a_bundle_computes_it(parts: Parts) -> None:
    works = smallest_works(parts.preset.space, parts.data)
    whole = total(block for segment in works.segments for block in segment)
    assert whole.kernels > total(parts.evaluator((0,) * 9).static.blocks).kernels


@pytest.mark.parametrize(
    ("limit", "figure"),
    [
        ("max_mean_latency_s", "mean latency"),
        ("max_p99_latency_s", "latency p99"),
        ("max_energy_j", "energy"),
        ("max_memory_bytes", "memory"),
        ("max_size_bytes", "size"),
        ("min_images_per_s", "throughput"),
    ],
)
def test_a_limit_that_even_the_smallest_network_breaks_is_named_and_what_is_advised_is_not_refused(
    parts: Parts, limit: str, figure: str
) -> None:
    option = next(constraint.option for constraint in CONSTRAINTS if constraint.limit == limit)
    asked: dict[str, Any] = {limit: 1e12 if limit.startswith("min") else 1e-12}
    with pytest.raises(InfeasibleError, match=rf"no design: {figure} .*\n  where: {option}") as caught:
        check(parts, InnerLimits(**asked))
    advised = re.search(rf"{option} to ([\d.e+-]+)", str(caught.value))
    assert advised
    _, per_si = LIMITS[limit]
    asked[limit] = float(advised[1]) / per_si
    check(parts, InnerLimits(**asked))
