"""codesign/walk/one_design_step.py: one design in every bundle, each at its board's own clocks."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from codesign.policy.requirement import Requirement
from codesign.search.chain_solver import ChainSolver
from codesign.search.choose import ChosenDesign, by_energy
from codesign.search.inner_grid import InnerLimits
from codesign.search.ledger import ChainResult
from codesign.walk import one_design_step
from codesign.walk.boards_step import INDEX
from codesign.walk.choose_step import Modes
from codesign.walk.compile import Compiled
from codesign.walk.one_design_step import Board, at_own_clocks, compile_one_design, own_clocks
from codesign.walk.progress import Steps
from codesign.walk.search_step import Searched, train_finalist
from runtime.boards.profile import profile
from runtime.contract.bundle_files import read_modes
from runtime.contract.errors import ConfigError, InfeasibleError
from runtime.contract.manifest import read_manifest
from runtime.contract.mode import Mode
from tests.codesign.small_run import without_the_moment
from tests.codesign.walk.conftest import Parts, no_tick

BOARDS = ("orin-nano-super", "tx2")


def compiled(parts: Parts, out: Path, *, resume: bool = False) -> list[Compiled]:
    steps = Steps(Console(file=io.StringIO()))
    settings = replace(parts.settings, left_out_clocks=("emc=0-300",))
    return compile_one_design(
        settings, BOARDS, "worst", out, parts.run.cache, "the command", resume=resume, steps=steps
    )


@pytest.fixture(scope="module")
def both(parts: Parts, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Compiled]]:
    out = tmp_path_factory.mktemp("one") / "out"
    return out, compiled(parts, out)


def written(one: Compiled) -> tuple[Mode, ...]:
    return tuple(read_modes(one.folder.bundle, read_manifest(one.folder.bundle)).values())


def test_every_bundle_holds_the_same_designs_and_thresholds(both: tuple[Path, list[Compiled]]) -> None:
    first, second = (written(one) for one in both[1])
    assert [mode.name for mode in first] == [mode.name for mode in second]
    for a, b in zip(first, second, strict=True):
        assert (a.design, a.policy, a.exit_shares) == (b.design, b.policy, b.exit_shares)


def test_clocks_are_the_boards_own_and_none_that_was_left_out(both: tuple[Path, list[Compiled]]) -> None:
    for board, one in zip(BOARDS, both[1], strict=True):
        for mode in written(one):
            assert mode.operating_point in profile(board).points("gpu")
            assert mode.operating_point.emc_hz > 301_000_000


def test_what_was_chosen_and_how_is_said_with_the_worst_board(both: tuple[Path, list[Compiled]]) -> None:
    for one in both[1]:
        note = one.results["data"]["notes"][-1]
        assert note.startswith("One design for orin-nano-super and tx2, chosen by the board that fares worst")
    page = (both[0] / INDEX).read_text(encoding="utf-8")
    assert "One design for orin-nano-super and tx2" in page
    assert all(f"href='{board}/report.html'" in page for board in BOARDS)


def test_resumed_it_hands_over_the_same(parts: Parts, both: tuple[Path, list[Compiled]]) -> None:
    again = compiled(parts, both[0], resume=True)
    assert [without_the_moment(one.results) for one in again] == [without_the_moment(one.results) for one in both[1]]


def test_served_energy_is_refused(parts: Parts, tmp_path: Path) -> None:
    settings = replace(parts.settings, energy="served")
    with pytest.raises(ConfigError, match="minimises energy back to back"):
        compile_one_design(
            settings,
            BOARDS,
            "mean",
            tmp_path,
            parts.run.cache,
            "",
            resume=False,
            steps=Steps(Console(file=io.StringIO())),
        )


def chosen_and_board(parts: Parts, limits: InnerLimits) -> tuple[ChosenDesign, Searched, Board]:
    finalist = train_finalist(parts.evaluator, (0,) * 9, parts.preset.training, 1, 0, no_tick)
    solver: ChainSolver = parts.solver
    result = ChainResult((finalist.record,), solver((finalist.record,)))
    anything = Requirement(finalist.record.log.correct[-1], 1.0, 0.0)
    chosen = list(by_energy([result], solver, anything))[-1]
    searched = Searched(
        parts.evaluator, solver, [finalist.record], [result], {finalist.record.genome: finalist}, [result], [], "",
        finalist.record,
    )  # fmt: skip
    return chosen, searched, Board(parts.settings, replace(solver, limits=limits), 1.0)


def test_the_clocks_are_those_of_least_energy_within_the_limits(parts: Parts) -> None:
    chosen, searched, board = chosen_and_board(parts, InnerLimits())
    free = own_clocks(chosen, searched, board).design
    limit_s = free.worst_latency_s * 0.97
    _, _, tight = chosen_and_board(parts, InnerLimits(max_worst_latency_s=limit_s))
    faster = own_clocks(chosen, searched, tight).design
    assert faster.worst_latency_s <= limit_s * (1 + 1e-9)
    assert faster.energy_j >= free.energy_j
    assert (faster.mask, faster.level) == (chosen.design.mask, chosen.design.level)


def test_a_board_on_which_the_design_breaks_a_limit_is_named(parts: Parts) -> None:
    chosen, searched, board = chosen_and_board(parts, InnerLimits(max_energy_j=1e-9))
    with pytest.raises(InfeasibleError, match=r"does not keep to energy ≤ 1e-06 mJ on orin-nano-super\n  to do: relax"):
        own_clocks(chosen, searched, board)
    chosen, searched, board = chosen_and_board(parts, InnerLimits(requests_per_s=1e9))
    with pytest.raises(InfeasibleError, match=r"does not keep to 1e\+09 requests per second on orin-nano-super"):
        own_clocks(chosen, searched, board)


def test_a_certified_mode_that_a_board_cannot_hold_is_left_out_there_and_that_is_said(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen, searched, board = chosen_and_board(parts, InnerLimits())
    certified: Any = SimpleNamespace(chosen=replace(chosen, policy=chosen.policy))

    def refused(asked: ChosenDesign, _searched: Searched, _board: Board) -> ChosenDesign:
        if asked is certified.chosen:
            raise InfeasibleError("the one design does not keep to a limit")
        return asked

    monkeypatch.setattr(one_design_step, "own_clocks", refused)
    modes = at_own_clocks(Modes(chosen, chosen, chosen, certified=certified), searched, board, "One design.")
    assert modes.certified is None
    assert modes.remarks == (
        "One design.",
        "No certified mode on orin-nano-super: the one design does not keep to a limit.",
    )
