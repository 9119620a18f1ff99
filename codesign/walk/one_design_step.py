"""One design for several boards: the same networks, exits and thresholds everywhere, clocks of each board's own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from codesign.policy.replay import replay
from codesign.report.boards_page import write_boards_page
from codesign.scale.workplace import Workplace
from codesign.search.chain_solver import ChainSolver
from codesign.search.choose import ChosenDesign
from codesign.search.constraints import broken, figures
from codesign.search.inner_grid import InnerLimits
from codesign.search.joint_board import joint_pricing
from codesign.search.ledger import ChainResult, chain_key
from codesign.search.pricing import Pricing
from codesign.space.preset import Preset, load_preset
from runtime.contract.cost import expected_costs
from runtime.contract.errors import ConfigError, InfeasibleError

from .boards_step import INDEX, board_rows, check_boards
from .choose_step import Modes, pick_modes
from .compile import Compiled, Walked, board_pricing, limits_of, walk_to_modes, with_certified
from .finish import finish
from .measure_target import MeasureTarget
from .progress import Steps
from .run_folder import start, write_test_set
from .search_step import Searched, feasible, polisher_of
from .settings import Settings, budgeted

Judged = Literal["mean", "worst"]
JOINT = "joint"
TILTS = (1.0, 3.0, 9.0)  # how much more one board may count than the others, where the worst of them decides


@dataclass(frozen=True, slots=True)
class Board:
    """One of the boards, with what a design needs there without exits at default clocks, to which it is compared."""

    settings: Settings
    solver: ChainSolver
    reference_j: float


def compile_one_design(
    settings: Settings,
    boards: Sequence[str],
    judged: Judged,
    out: Path,
    cache: Path,
    command: str,
    *,
    resume: bool,
    steps: Steps,
    measure: MeasureTarget | None = None,
    workplace: Workplace | None = None,
) -> list[Compiled]:
    """A bundle per board in `out`, all of one design per mode, and a page over them.

    Args:
        judged: by the mean of the boards' energies, or by the board that fares worst against its own full network.
    Raises:
        ConfigError: as `check_boards`; or served energy, which has no mean over boards at clocks of their own.
        InfeasibleError: a design for all boards breaks a limit on one of them.
    """
    check_boards(settings, boards, out, measured=measure is not None)
    if settings.energy != "back_to_back":
        raise ConfigError("one design for several boards minimises energy back to back", to_do="leave out --energy")
    joint = replace(settings, board="+".join(boards))
    weights = [1.0] * len(boards)
    on = _joint_pricing(settings, boards, weights), _joint_limits(settings)
    walked = walk_to_modes(joint, out / JOINT, cache, resume=resume, steps=steps, workplace=workplace, on=on)
    each = [_board(replace(settings, board=board), walked.searched) for board in boards]
    if judged == "worst":
        with steps.step("weights", "Weights of the boards"):
            walked = _least_worst(walked, settings, each)
    note = _note(boards, judged, _relative(walked.modes.balanced, walked.searched, each))
    compiled: list[Compiled] = []
    for board in each:
        compiled.append(_finished(board, walked, out, command, note, resume=resume, steps=steps))
        rows = board_rows(compiled, boards)
        write_boards_page(rows, out / INDEX, waiting=tuple(boards[len(compiled) :]), note=note)
    return compiled


def own_clocks(chosen: ChosenDesign, searched: Searched, board: Board) -> ChosenDesign:
    """The same design at the clocks where it needs least on this board.

    Raises:
        InfeasibleError: it breaks a limit at all of them.
    """
    solver, mask = board.solver, chosen.design.mask
    told = replay(polisher_of(searched).log(chosen), mask, chosen.policy)
    costs = solver.pricing.exited(chosen.chain).stage_costs(mask)
    energy_j = expected_costs(told.exit_shares, costs)[1]
    allowed = np.arange(energy_j.size) if solver.limits.points is None else np.asarray(solver.limits.points)
    cheapest_first = allowed[np.argsort(energy_j[allowed], kind="stable")].tolist()
    rate = solver.limits.requests_per_s
    for point in cheapest_first:
        found = figures(solver, chosen.chain, mask, told.exit_shares, point, told.accuracy)
        if not broken(solver.limits, found) and (rate is None or found["latency_s"] * rate < 1.0):
            design = replace(
                chosen.design,
                point=point,
                operating_point=solver.pricing.points[point],
                accuracy=found["accuracy"],
                energy_j=found["energy_j"],
                latency_s=found["latency_s"],
                worst_latency_s=found["worst_latency_s"],
            )
            return replace(chosen, design=design)
    cheapest = figures(solver, chosen.chain, mask, told.exit_shares, cheapest_first[0], told.accuracy)
    over = broken(solver.limits, cheapest)
    limit = over[0].asked(over[0].of(solver.limits) or 0.0) if over else f"{rate:g} requests per second"
    raise InfeasibleError(
        f"the one design for all boards does not keep to {limit} on {board.settings.board}",
        to_do="relax that limit, leave that board out, or compile a design for each board (without --one-design)",
    )


def _joint_pricing(settings: Settings, boards: Sequence[str], weights: Sequence[float]) -> Pricing:
    each = [replace(settings, board=board) for board in boards]
    return joint_pricing([board_pricing(own) for own in each], weights, [_limits(own).points for own in each])


def _joint_limits(settings: Settings) -> InnerLimits:
    """Of energy each board has its own, and clocks that are left out are not among the joint points."""
    return limits_of(_preset(settings), replace(settings, max_energy_j=None, left_out_clocks=()))


def _limits(settings: Settings) -> InnerLimits:
    return limits_of(_preset(settings), settings)


def _preset(settings: Settings) -> Preset:
    return budgeted(load_preset(settings.space), settings)


def _board(settings: Settings, searched: Searched) -> Board:
    pricing = board_pricing(settings)
    solver = replace(searched.solver, pricing=pricing, limits=_limits(settings))
    return Board(settings, solver, float(pricing.static(searched.reference).energy_j[0, pricing.default]))


def _relative(chosen: ChosenDesign, searched: Searched, each: Sequence[Board]) -> list[float]:
    """Energy of a design on every board, as a share of its full network's there."""
    return [own_clocks(chosen, searched, board).design.energy_j / board.reference_j for board in each]


def _least_worst(walked: Walked, settings: Settings, each: Sequence[Board]) -> Walked:
    """Of the choices that several weightings of the boards lead to, the one whose worst board fares best."""
    found: list[tuple[float, int, Searched, Modes]] = []
    names = [board.settings.board for board in each]
    for weights in _weightings(len(each)):
        solver = replace(walked.searched.solver, pricing=_joint_pricing(settings, names, weights))
        searched = _solved_for(walked.searched, solver)
        reference, loss = searched.reference.log.correct[-1], settings.max_accuracy_loss
        modes = pick_modes(searched.finals, solver, polisher_of(searched).best, reference, loss)
        found.append((max(_relative(modes.balanced, searched, each)), len(found), searched, modes))
    _, _, searched, modes = min(found, key=lambda one: one[:2])
    modes = with_certified(modes, searched, settings, walked.folder)
    return replace(walked, searched=searched, modes=modes)


def _weightings(boards: int) -> Iterator[list[float]]:
    yield [1.0] * boards
    for tilt in TILTS[1:]:
        for tilted in range(boards):
            yield [tilt if number == tilted else 1.0 for number in range(boards)]


def _solved_for(searched: Searched, solver: ChainSolver) -> Searched:
    """The finalists' chains solved anew at other prices."""
    chains = list({chain_key(result.chain): result.chain for result in searched.finals}.values())
    finals = [ChainResult(chain, solver(chain)) for chain in chains]
    finals += [ChainResult(chain, solver.without_exits(chain)) for chain in chains if len(chain) == 1]
    return replace(searched, solver=solver, finals=feasible(finals, solver), results=finals)


def _finished(
    board: Board, walked: Walked, out: Path, command: str, note: str, *, resume: bool, steps: Steps
) -> Compiled:
    settings, searched = board.settings, _solved_for(walked.searched, board.solver)
    folder = start(out / settings.board, settings.to_json() | {"one_design": note}, walked.inputs, resume=resume)
    write_test_set(folder, walked.data)
    own = Steps(steps.console)
    own.seconds.update(steps.seconds)
    modes = at_own_clocks(walked.modes, walked.searched, board, note)
    results = finish(settings, walked.data, searched, modes, searched.reference, folder, command, own)
    return Compiled(folder, results)


def at_own_clocks(modes: Modes, searched: Searched, board: Board, note: str) -> Modes:
    """Every mode at a board's own clocks, and the note beside the remarks; a certified one only where limits allow it.

    Raises:
        InfeasibleError: another mode breaks a limit on this board.
    """
    certified, remarks = modes.certified, [*modes.remarks, note]
    if certified is not None:
        try:
            certified = replace(certified, chosen=own_clocks(certified.chosen, searched, board))
        except InfeasibleError as error:
            certified = None
            remarks.append(f"No certified mode on {board.settings.board}: {error.what}.")
    return replace(
        modes,
        accurate=own_clocks(modes.accurate, searched, board),
        balanced=own_clocks(modes.balanced, searched, board),
        frugal=own_clocks(modes.frugal, searched, board),
        certified=certified,
        remarks=tuple(remarks),
    )


def _note(boards: Sequence[str], judged: Judged, shares: Sequence[float]) -> str:
    said = ", ".join(f"{share:.1%} on {board}" for board, share in zip(boards, shares, strict=True))
    by = "the mean over the boards" if judged == "mean" else "the board that fares worst"
    return (
        f"One design for {' and '.join(boards)}, chosen by {by}; clocks are each board's own. Energy of the default "
        f"mode, of its full network's at default clocks: {said} (worst {np.max(shares):.1%})."
    )
