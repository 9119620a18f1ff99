"""Which boards have drifted, alone or together: exits and entropies against the bundle's, costs against its promise.

Per bundle, mode, kind of board and day, each board's shares and ratios are tested against what the bundle says, its
own sampling error and a tolerance included, and so is the mean over the boards of a kind. All tests of a look share one
rate of false alarms (Holm): where nothing has drifted, no more than that share of looks shows anything.

Boards have drifted *together* where most of them have gone the same way, each by itself, or where their mean has: a
few that have gone far do not move it, since the spread between boards is what it is held against. A board that has
become cautious after an alarm of its own lets images go deeper, which is seen here as drift, too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from codesign.collect.store import Store
from runtime.contract.errors import ConfigError
from runtime.contract.expected_answers import ExpectedAnswers

from .clusters import Clusters, each_a_cluster, rejected
from .drift_sums import ENERGY, TIME, Group, Sums, cell_sums, cost_sums, exit_sums
from .expected_mix import Key

FALSE_ALARMS = 0.01
SHARE_TOLERANCE, COST_TOLERANCE = 0.02, 0.10
PER_IMAGE = " per image"
LEAST_WINDOWS = 8  # half-hours of a board and day: fewer say little about how much they differ
LEAST_BOARDS = 5  # fewer say little about how much boards differ
Place = tuple[Group, str, int | None]  # where something is compared: what of it, and of which exit or cell


@dataclass(frozen=True, slots=True)
class Drifted:
    """Something of a group is not what its bundle says."""

    group: Group
    what: str  # for people
    expected: float
    found: float  # of the boards that have drifted
    together: bool
    devices: tuple[str, ...]  # that have drifted by themselves, as far as this can be told
    boards: int  # that were compared

    def change(self) -> str:
        """What has changed by how much, for people."""
        if self.what.endswith(PER_IMAGE):
            return f"{self.what} {self.found - 1.0:+.0%} against the promise"
        return f"{self.what}: {self.found:.1%} instead of {self.expected:.1%}"

    def sentence(self) -> str:
        """The same with when, where and who."""
        group = self.group
        alone = f"{len(self.devices)} of {self.boards} boards by themselves"
        who = f"{self.boards} boards together" if self.together else alone
        return f"{group.date} {group.board} {group.bundle_id[:12]} {group.mode}: {self.change()}, {who}"


@dataclass(frozen=True, slots=True)
class FleetDrift:
    """Of one look at a set."""

    false_alarms: float  # chance that a look at a fleet without drift shows any
    comparisons: int
    found: tuple[Drifted, ...]  # latest day first
    compared: tuple[Group, ...]
    unknown: tuple[str, ...]  # bundles whose exits were not compared, since nobody said what they expect

    def of(self, group: Group) -> list[Drifted]:
        """What has drifted in a group."""
        return [each for each in self.found if each.group == group]


@dataclass(frozen=True, slots=True)
class _Test:
    place: Place
    device_id: str | None  # None: of the mean over boards
    expected: float
    ratio: float
    p_value: float


def drift_of(store: Store, expected: Mapping[Key, ExpectedAnswers], false_alarms: float = FALSE_ALARMS) -> FleetDrift:
    """Compare everything that can be.

    Args:
        expected: of bundles and modes; without one, only costs are compared.
        false_alarms: chance that a look at a fleet without drift shows any.
    Raises:
        ConfigError: a chance that is none, or DuckDB is not installed.
        DataError: a file of the set cannot be read.
    """
    if not 0.0 < false_alarms < 1.0:
        raise ConfigError(f"a chance of false alarms lies between 0 and 1, got {false_alarms}", to_do="0.01 is usual")
    exits = exit_sums(store)
    sums = [*cost_sums(store), *exits, *cell_sums(store, expected)]
    places: dict[Place, list[Sums]] = {}
    for each in sums:
        if each.clusters.count >= LEAST_WINDOWS:
            places.setdefault((each.group, each.what, each.cell), []).append(each)
    tests = [test for place, members in places.items() for test in _tests(place, members, expected)]
    surprising = rejected([test.p_value for test in tests], false_alarms)
    off: dict[Place, list[_Test]] = {}
    for test, is_surprising in zip(tests, surprising, strict=True):
        if is_surprising:
            off.setdefault(test.place, []).append(test)
    found = [
        drifted for place, those in off.items() for drifted in _drifted(place, those, len(places[place]), expected)
    ]
    found.sort(key=lambda each: (each.group, each.what))
    found.sort(key=lambda each: each.group.date, reverse=True)
    known = {key[0] for key in expected}
    return FleetDrift(
        false_alarms,
        len(tests),
        tuple(found),
        tuple(sorted({test.place[0] for test in tests})),
        tuple(sorted({each.group.bundle_id for each in exits} - known)),
    )


def _tests(place: Place, members: Sequence[Sums], expected: Mapping[Key, ExpectedAnswers]) -> list[_Test]:
    """One per board, and one of their mean where there are enough of them."""
    group, what, cell = place
    if what in (TIME, ENERGY):
        value, variance, tolerance = 1.0, 0.0, COST_TOLERANCE
    else:
        answers = expected.get((group.bundle_id, group.mode))
        if answers is None or cell is None:
            return []
        value = _share(answers, what, cell)
        variance = value * (1.0 - value) / answers.images
        tolerance = SHARE_TOLERANCE

    def test(clusters: Clusters, device_id: str | None) -> _Test:
        return _Test(place, device_id, value, clusters.ratio, clusters.p_value(value, tolerance, variance))

    tests = [test(each.clusters, each.device_id) for each in members]
    if len(members) >= LEAST_BOARDS:
        tests.append(test(each_a_cluster(each.clusters for each in members), None))
    return tests


def _share(answers: ExpectedAnswers, what: str, cell: int) -> float:
    if what == "exit":
        return sum(answers.shares[cell]) if cell < len(answers.shares) else 0.0
    return [share for of_exit in answers.shares for share in of_exit][cell]


def _drifted(place: Place, off: Sequence[_Test], boards: int, expected: Mapping[Key, ExpectedAnswers]) -> list[Drifted]:
    """Those above and those below what was expected, each by themselves."""
    group, what, cell = place
    told = []
    for side in (1.0, -1.0):
        those = [test for test in off if (test.ratio - test.expected) * side > 0]
        if not those:
            continue
        alone = [test for test in those if test.device_id is not None]
        mean = next((test for test in those if test.device_id is None), None)
        most = boards > 1 and 2 * len(alone) > boards
        found = mean.ratio if mean is not None else sum(test.ratio for test in alone) / len(alone)
        told.append(
            Drifted(
                group,
                _said(what, cell, expected.get((group.bundle_id, group.mode))),
                those[0].expected,
                found,
                mean is not None or most,
                tuple(sorted(test.device_id for test in alone if test.device_id is not None)),
                boards,
            )
        )
    return told


def _said(what: str, cell: int | None, answers: ExpectedAnswers | None) -> str:
    """For people: the cost, the exit, or the range of entropies at an exit."""
    if cell is None:
        return f"{what}{PER_IMAGE}"
    if what == "exit" or answers is None:
        return f"leaves at exit {cell}"
    for exit_index, edges in enumerate(answers.entropy_edges):
        if cell <= len(edges):
            bounds = (None, *edges, None)
            low, high = bounds[cell], bounds[cell + 1]
            if low is None and high is None:
                return f"sampled at exit {exit_index}"
            span = (
                f"up to {high:.2g}" if low is None else f"above {low:.2g}" if high is None else f"{low:.2g}–{high:.2g}"
            )
            return f"at exit {exit_index}, entropy {span} nats"
        cell -= len(edges) + 1
    return what
