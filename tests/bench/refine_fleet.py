"""A simulated fleet whose boards are not as they were shipped: what `bench_refine` serves a day with.

The network is MobileNetV2 at 224 pixels with seven exits; what its exits answer is drawn from a model of difficulty
(assumed). A board's truth differs from its profile by what a scenario says, and each unit differs from that truth by
effects of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from codesign.policy.averaging import NONE, averaged_log
from codesign.policy.exit_log import ExitLog
from codesign.policy.replay import replay
from codesign.refine.resolve import reclocked
from codesign.search.backbone_record import BackboneRecord
from codesign.search.chain_solver import ChainSolver
from codesign.search.chain_works import BackboneWorks, stages_of
from codesign.search.choose import ChosenDesign
from codesign.search.inner import EnergyKind
from codesign.search.inner_grid import InnerLimits
from codesign.search.ledger import ChainResult
from codesign.search.polish import Polisher
from codesign.search.pricing import Pricing
from codesign.walk.bundle_step import promise_of
from codesign.walk.choose_step import MODE_LOSSES, Modes, pick_modes
from runtime.boards.board_profile import BoardProfile
from runtime.boards.parameter import Parameter
from runtime.boards.profile import profile
from runtime.boards.simulated import SimulatedBoard
from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.cost import StageWork, expected_costs, stage_costs
from runtime.contract.kind import Kind
from runtime.contract.mode import Mode
from runtime.contract.operating_point import OperatingPoint
from runtime.contract.promise import Promise
from runtime.contract.work import NO_WORK, Work
from runtime.governor.decide import decide, first_state
from runtime.governor.offers import Offers
from runtime.governor.rules_of import rules_of
from runtime.governor.signals import Signals

from .known_networks import mobilenet_v2
from .served_day import DAY_S, daily_rates
from .served_rows import Stretch

BUNDLE = "b" * 64
CLASSES, EXITS = 10, 7
SELECT, FIELD = 1500, 8000
REQUESTS_PER_S = 10.0  # that designs are chosen for
HARDER = 0.6  # how much likelier a hard image is in the field, per standard deviation of difficulty


@dataclass(frozen=True)
class Scenario:
    """What is different about a kind of board, as factors; beyond the equations, noise over pieces and clocks."""

    name: str
    power: float = 1.0  # of every watt that follows a clock
    emc_power: float = 1.0  # of the rise of idle power with the memory clock
    emc_time: float = 1.0  # of seconds on the memory
    voltage: float = 1.0  # of the voltage swings
    overlap: float = 1.0
    base: float = 1.0  # of the power at any clock
    launch: float = 1.0  # of the time and of the power of launching
    pieces: float = 0.0  # standard deviation of the logarithm of a piece's time
    clocks: float = 0.0  # of a smooth error over clocks, of time and of power
    harder: float = HARDER


SCENARIOS = (
    Scenario("as stated: power with clocks +25 %, EMC slope -20 %", 1.25, 0.8, 0.8),
    Scenario("outside the equations too", 1.25, 0.8, 0.8, voltage=1.4, overlap=1.3, pieces=0.08, clocks=0.02),
    Scenario("another carrier: power with clocks +60 %, the rest halved", 1.6, 0.8, 0.8, base=0.5),
)


def true_profile(board: BoardProfile, device: str, scenario: Scenario) -> BoardProfile:
    """A profile whose parameters are those of the scenario."""
    factors = {
        "core_active_w": scenario.power,
        "cpu_launch_w": scenario.power * scenario.launch,
        "base_w": scenario.base,
        "cpu_cycles_per_kernel": scenario.launch,
        "core_cycles_per_kernel": scenario.launch,
        "gpu_idle_w": scenario.power,
        "cpu_idle_w": scenario.power,
        "bytes_per_emc_cycle": 1.0 / scenario.emc_time,
        "gpu_voltage_swing": scenario.voltage,
        "cpu_voltage_swing": scenario.voltage,
        "overlap_loss": scenario.overlap,
    }

    def changed(parameter: Parameter) -> Parameter:
        if parameter.name == "emc_idle_w":
            low = parameter.values[0]
            return replace(parameter, values=tuple(low + scenario.emc_power * (v - low) for v in parameter.values))
        return replace(parameter, values=tuple(v * factors.get(parameter.name, 1.0) for v in parameter.values))

    return replace(
        board,
        latency={**board.latency, device: tuple(map(changed, board.latency[device]))},
        active={**board.active, device: tuple(map(changed, board.active[device]))},
        idle=tuple(map(changed, board.idle)),
    )


@dataclass(frozen=True)
class TrueBoard:
    """A CostModel: a simulated board, pieces of work that are off, and a smooth error over clocks."""

    board: SimulatedBoard
    pieces: Mapping[Work, float]
    waves: FloatArray  # (2, 3): of time and of power, per octave-like unit of each clock
    time: float = 1.0
    idle: float = 1.0
    active: float = 1.0
    kind: Kind = Kind.SIMULATED
    hardware: str = "truth"

    def latency_s(self, works: Sequence[Work], points: Sequence[OperatingPoint]) -> FloatArray:
        own = np.asarray([self.pieces.get(work, 1.0) for work in works])[:, None]
        latency_s: FloatArray = self.board.latency_s(works, points) * own * self._wave(0, points) * self.time
        return latency_s

    def busy_w(self, works: Sequence[Work], points: Sequence[OperatingPoint]) -> FloatArray:
        idle_w = self.board.idle_w(points)
        above_w = self.board.busy_w(works, points) - idle_w
        busy_w: FloatArray = (idle_w * self.idle + above_w * self.active) * self._wave(1, points)
        return busy_w

    def stage_overhead_s(self, points: Sequence[OperatingPoint]) -> FloatArray:
        overhead_s: FloatArray = self.board.stage_overhead_s(points) * self.time
        return overhead_s

    def stage_overhead_w(self, points: Sequence[OperatingPoint]) -> FloatArray:
        idle_w = self.board.idle_w(points)
        overhead_w: FloatArray = idle_w * self.idle + (self.board.stage_overhead_w(points) - idle_w) * self.active
        return overhead_w

    def idle_w(self, points: Sequence[OperatingPoint]) -> FloatArray:
        idle_w: FloatArray = self.board.idle_w(points) * self.idle
        return idle_w

    def _wave(self, which: int, points: Sequence[OperatingPoint]) -> FloatArray:
        hz = np.asarray([(p.cpu_hz, p.gpu_hz, p.emc_hz) for p in points], dtype=np.float64)
        wave: FloatArray = np.exp((self.waves[which] * np.sin(2.0 * np.log(np.maximum(hz, 1.0)))).sum(axis=1))
        return wave


def exited_mobilenet(rng: np.random.Generator, samples: int) -> tuple[BackboneRecord, FloatArray, ExitLog, FloatArray]:
    """The record with its log on `select`, the logits there, the log of images in the field, their difficulty."""
    layers = mobilenet_v2()
    cuts = np.linspace(len(layers) * 0.3, len(layers), EXITS + 1).astype(int)
    starts = [0, *cuts[:-1].tolist()]
    segments = tuple(tuple(layers[a:b]) for a, b in zip(starts, cuts.tolist(), strict=True))
    head = Work(2.0e6, 4.0e5, 4.0)
    works = BackboneWorks(segments, (*(head,) * EXITS, NO_WORK))
    select, _ = answered(samples, rng)
    field, hardness = answered(FIELD, rng)
    labels, field_labels = rng.integers(0, CLASSES, samples), rng.integers(0, CLASSES, FIELD)
    logits, field_logits = as_logits(select, labels, rng), as_logits(field, field_labels, rng)
    log = averaged_log(logits, labels, 0, NONE)
    record = BackboneRecord((1,), works, StageWork(tuple(layers)), log)
    return record, logits, averaged_log(field_logits, field_labels, 0, NONE), hardness


def answered(samples: int, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Margins (exits + 1, samples) of the right label, and how hard each image is."""
    hard = rng.normal(size=samples)
    skill = np.linspace(0.6, 1.9, EXITS + 1)[:, None]
    return 4.0 * (skill - hard + 0.25 * rng.normal(size=(EXITS + 1, samples))), hard


def as_logits(margin: FloatArray, labels: IntArray, rng: np.random.Generator) -> FloatArray:
    """(exits + 1, samples, classes)."""
    logits = 0.8 * rng.normal(size=(*margin.shape, CLASSES))
    logits[:, np.arange(len(labels)), labels] += margin
    return logits


@dataclass(frozen=True)
class Shipped:
    """A compiled design of one board, in memory."""

    board: BoardProfile
    device: str
    polisher: Polisher
    results: list[ChainResult]
    modes: Modes
    record: BackboneRecord
    logits: FloatArray
    field: ExitLog
    hardness: FloatArray

    @property
    def pricing(self) -> Pricing:
        return self.polisher.solver.pricing

    def stages(self, chosen: ChosenDesign) -> tuple[StageWork, ...]:
        return tuple(stages_of([record.works for record in chosen.chain], chosen.design.mask))


def shipped(
    board: str, device: str, rng: np.random.Generator, energy: EnergyKind = "back_to_back", samples: int = SELECT
) -> Shipped:
    """What a compilation for a board as its profile says would choose."""
    found = profile(board)
    record, logits, field, hardness = exited_mobilenet(rng, samples)
    points = found.points(device)
    pricing = Pricing(SimulatedBoard(found, device), points, found.default_point(device), found.max_point(device))
    limits = InnerLimits(max_exits=4, requests_per_s=REQUESTS_PER_S)
    solver = ChainSolver(pricing, limits, 20, energy)
    polisher = Polisher(solver, lambda _record: logits, (NONE,), reference=record)
    results = [ChainResult((record,), solver((record,)))]
    modes = pick_modes(results, solver, polisher.best, record.log.correct[-1], 0.01)
    settled = {name: reclocked(getattr(modes, name), polisher) for name in MODE_LOSSES}  # on the energy that is asked
    return Shipped(found, device, polisher, results, replace(modes, **settled), record, logits, field, hardness)


def field_shares(ours: Shipped, chosen: ChosenDesign, scenario: Scenario) -> FloatArray:
    """(stages,): where images of the field leave."""
    taken = replay(ours.field, chosen.design.mask, chosen.policy).exits_taken
    counts = np.bincount(taken, np.exp(scenario.harder * ours.hardness), minlength=chosen.policy.stages)
    shares: FloatArray = counts / counts.sum()
    return shares


@dataclass(frozen=True)
class Fleet:
    """The truth of a kind of board and of its units."""

    common: TrueBoard
    units: tuple[TrueBoard, ...]

    def costs(
        self, stages: Sequence[StageWork], shares: FloatArray, points: Sequence[OperatingPoint]
    ) -> list[FloatArray]:
        """Seconds and joules of the mean unit, (points,) each."""
        each = [expected_costs(shares, stage_costs(unit, stages, points)) for unit in self.units]
        return [np.mean([costs[k] for costs in each], axis=0) for k in (0, 1)]

    def idle_w(self, points: Sequence[OperatingPoint]) -> FloatArray:
        """Of the mean unit, (points,)."""
        mean_w: FloatArray = np.mean([unit.idle_w(points) for unit in self.units], axis=0)
        return mean_w


def fleet_of(ours: Shipped, scenario: Scenario, units: int, rng: np.random.Generator) -> Fleet:
    """Units differ by 2 % in time, 6 % in idle power and 4 % in power above it (assumed)."""
    works = {block for segment in ours.record.works.segments for block in segment}
    pieces = {work: float(np.exp(scenario.pieces * rng.normal())) for work in sorted(works, key=repr)}
    waves = scenario.clocks * rng.normal(size=(2, 3))
    board = SimulatedBoard(true_profile(ours.board, ours.device, scenario), ours.device)
    common = TrueBoard(board, pieces, waves)
    own = np.exp(rng.normal(size=(units, 3)) * (0.02, 0.06, 0.04))
    return Fleet(common, tuple(replace(common, time=t, idle=i, active=a) for t, i, a in own.tolist()))


def fixed_day(ours: Shipped, rate: float, rng: np.random.Generator, seconds: float = DAY_S) -> list[Stretch]:
    """Every mode at its own clocks: mostly the default one, now and then another."""
    rates = daily_rates(rate, seconds, rng)
    every = max(1, int(600.0 / 0.5))
    named, found = dict(ours.modes.items()), []
    for number, start in enumerate(range(0, len(rates), every)):
        mode = ("balanced", "balanced", "balanced", "frugal", "accurate")[number % 5]
        part = rates[start : start + every]
        images = int(rng.poisson(part.mean() * len(part) * 0.5))
        found.append(Stretch(mode, named[mode].design.operating_point, start * 0.5, len(part) * 0.5, images))
    return found


def governed_day(ours: Shipped, peak: float, rng: np.random.Generator, seconds: float = DAY_S) -> list[Stretch]:
    """What the product's governor holds over a working day, decided every ten seconds."""
    modes, promises = written(ours)
    offers = Offers(modes, promises)
    prices = offers.prices({})
    fastest_s = float(prices.prefix_s[:, -1].min())
    rules = rules_of(modes, "balanced", ours.board, 6.0 * fastest_s)
    rates = daily_rates(peak / float(prices.latency_s.min()), seconds, rng)[::20]
    state, found = None, []
    for number, rate in enumerate(rates.tolist()):
        signals = Signals(number * 10.0, 0, rate)
        state = first_state(signals, rules, offers) if state is None else decide(state, signals, rules, offers)[0]
        offer = offers.offers[state.index]
        images = int(rng.poisson(rate * 10.0))
        found.append(Stretch(offer.mode, offer.operating_point, number * 10.0, 10.0, images))
    return found


def written(ours: Shipped) -> tuple[dict[str, Mode], dict[str, Promise]]:
    """Modes and promises as a bundle of these designs has them."""
    modes, promises = {}, {}
    for name, chosen in ours.modes.items():
        costs = ours.pricing.exited(chosen.chain).stage_costs(chosen.design.mask)
        shares = ours.polisher.shares(ours.polisher.log(chosen), chosen.design.mask, chosen.policy)
        promises[name] = promise_of(costs, shares, chosen.design.point, ours.pricing)
        modes[name] = Mode(name, "d", chosen.policy, chosen.design.operating_point, exit_shares=tuple(shares.tolist()))
    return modes, promises
