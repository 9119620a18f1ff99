"""What designs of one backbone do, many at once: who leaves where, who is right, and what it costs.

Two rules of leaving. *Ideal* is the paper's: a sample leaves at the first kept exit that answers it rightly, which
looks at the label, so every figure of it is an oracle's. *Real* is the deployed one: at the first kept exit whose
entropy is at most its threshold. With many exits no table of all masks is held, so this goes where the exact solver
does not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from codesign.policy.exit_log import ExitLog
from codesign.search.backbone_record import BackboneRecord
from codesign.search.inner_columns import layout_of, prices, stop_and_pass_counts
from codesign.search.inner_counts import level_counts
from codesign.search.pricing import Pricing
from runtime.contract.arrays import BoolArray, FloatArray, IntArray
from runtime.contract.errors import ConfigError

MOST_EXITS = 61  # a mask and the end's bit fit a signed 64-bit integer
TABLED_EXITS = 10  # up to here all masks are counted once; beyond, only those that are asked for
CHUNK_ENTRIES = 1 << 22


@dataclass(frozen=True, slots=True)
class Designs:
    """Choices of exits and clocks for one backbone, all (designs,)."""

    mask: IntArray  # bit i: early candidate i carries an exit
    point: IntArray  # index into the operating points
    level: IntArray  # row of the threshold table; the ideal rule knows none

    def __len__(self) -> int:
        return int(self.mask.size)

    def where(self, chosen: IntArray | BoolArray) -> Designs:
        """Some of them, or all in another order."""
        return Designs(self.mask[chosen], self.point[chosen], self.level[chosen])


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What becomes of an average sample under each design, all (designs,)."""

    accuracy: FloatArray
    energy_j: FloatArray  # of one inference, back to back
    latency_s: FloatArray


@dataclass(frozen=True, slots=True)
class _Patterns:
    """Samples that no rule tells apart, counted. Bit i: candidate i takes them, or is right about them."""

    takes: IntArray  # (patterns,)
    right: IntArray  # (patterns,)
    count: FloatArray  # (patterns,)


class Dynamics:
    """One evaluated backbone on one board. Raises ConfigError where it has more exits than a mask can hold."""

    def __init__(self, record: BackboneRecord, pricing: Pricing, thresholds_nats: FloatArray | None = None) -> None:
        """`thresholds_nats` (levels, early candidates); without them only the ideal rule can be asked about."""
        log = record.log
        if log.candidates - 1 > MOST_EXITS:
            raise ConfigError(
                f"{log.candidates - 1} candidate exits; a set of exits is written in {MOST_EXITS} bits",
                to_do="offer fewer candidate exits, for instance every second one",
            )
        costs = pricing.exited((record,))
        layout = layout_of(costs.backbone)
        self.candidates, self.samples, self.points = log.candidates, log.samples, costs.points
        self.energy_prices_j, self.latency_prices_s = (
            prices(layout, costs, "energy_j"),
            prices(layout, costs, "latency_s"),
        )
        self.right_shares: FloatArray = log.correct[:-1].mean(axis=1)  # N_i of Eq. (6), (early candidates,)
        static = pricing.static(record)
        self.static_energy_j = float(static.energy_j[0, pricing.default])  # E_b of Eq. (6)
        self.static_latency_s = float(static.latency_s[0, pricing.default])  # L_b
        self._layout = layout
        self._ideal = _patterns(log, log.correct[:-1])
        self._log, self._thresholds_nats = log, thresholds_nats
        self._real: dict[int, _Patterns] = {}
        self._tables: list[tuple[FloatArray, FloatArray]] = []

    @property
    def exits(self) -> int:
        """Early candidates."""
        return self.candidates - 1

    @property
    def levels(self) -> int:
        """Rows of the threshold table; 1 where there is none."""
        return 1 if self._thresholds_nats is None else len(self._thresholds_nats)

    def ideal(self, designs: Designs) -> Outcomes:
        """Every sample leaves at the first kept exit that is right about it: an upper bound that no device reaches."""
        return self._outcomes(designs, self._ideal)

    def ideal_energies_j(self, mask: IntArray, point: IntArray) -> FloatArray:
        """Expected energy of every mask at every one of some points, (masks, points), under the ideal rule."""
        runs, _ = self._runs(mask, self._ideal)
        energy_j: FloatArray = runs.T @ self.energy_prices_j[:, point] / self.samples
        return energy_j

    def real(self, designs: Designs) -> Outcomes:
        """Every sample leaves where the entropy policy says. Raises ConfigError where no thresholds were given."""
        accuracy, energy_j, latency_s = (np.empty(len(designs)) for _ in range(3))
        for level in np.unique(designs.level).tolist():
            at = np.flatnonzero(designs.level == level)
            some = designs.where(at)
            masks, of_design = np.unique(some.mask, return_inverse=True)
            found = self._priced(some, of_design, *self.real_counts(masks, level))
            accuracy[at], energy_j[at], latency_s[at] = found.accuracy, found.energy_j, found.latency_s
        return Outcomes(accuracy, energy_j, latency_s)

    def real_counts(self, mask: IntArray, level: int) -> tuple[FloatArray, FloatArray]:
        """Stop and pass counts (prices, masks) as the exact solver prices them, and right answers (masks,)."""
        if self._thresholds_nats is None:
            raise ConfigError("the real rule needs thresholds", to_do="pass the threshold table of the search")
        if self.exits > TABLED_EXITS:
            return self._runs(mask, self._patterns_at(level, self._thresholds_nats))
        if not self._tables:
            masks = np.arange(1 << self.exits)
            for counts in level_counts(self._log, self._thresholds_nats, masks):
                runs = stop_and_pass_counts(self._layout, counts.passing, masks)
                self._tables.append((runs, counts.right.astype(np.float64)))
        runs, right = self._tables[level]
        return runs[:, mask], right[mask]

    def mean_right_share(self, mask: IntArray) -> FloatArray:
        """Mean N_i over the kept exits, (masks,); 0 where none is kept."""
        kept = (mask[:, None] >> np.arange(self.exits)) & 1
        share: FloatArray = kept @ self.right_shares / np.maximum(kept.sum(axis=1), 1)
        return share

    def _patterns_at(self, level: int, thresholds_nats: FloatArray) -> _Patterns:
        if level not in self._real:
            self._real[level] = _patterns(self._log, self._log.entropy_nats[:-1] <= thresholds_nats[level][:, None])
        return self._real[level]

    def _outcomes(self, designs: Designs, patterns: _Patterns) -> Outcomes:
        masks, of_design = np.unique(designs.mask, return_inverse=True)
        step = max(1, CHUNK_ENTRIES // patterns.count.size)
        parts = [self._runs(masks[start : start + step], patterns) for start in range(0, masks.size, step)]
        runs, right = np.concatenate([part[0] for part in parts], axis=1), np.concatenate([part[1] for part in parts])
        return self._priced(designs, of_design, runs, right)

    def _priced(self, designs: Designs, of_design: IntArray, runs: FloatArray, right: FloatArray) -> Outcomes:
        """Outcomes of designs, from what their masks run and answer."""
        runs, right = runs[:, of_design], right[of_design]
        return Outcomes(
            accuracy=right / self.samples,
            energy_j=(runs * self.energy_prices_j[:, designs.point]).sum(axis=0) / self.samples,
            latency_s=(runs * self.latency_prices_s[:, designs.point]).sum(axis=0) / self.samples,
        )

    def _runs(self, masks: IntArray, patterns: _Patterns) -> tuple[FloatArray, FloatArray]:
        """How many samples stop at and pass each candidate (prices, masks), and how many are answered rightly."""
        end = np.int64(1) << (self.candidates - 1)
        open_to = (patterns.takes | end) & (masks | end)[:, None]
        taken = open_to & -open_to  # the lowest bit: the first kept exit that takes the sample
        right = ((taken & patterns.right) != 0).astype(np.float64) @ patterns.count
        stops = np.stack([(taken == 1 << k).astype(np.float64) @ patterns.count for k in range(self.candidates)])
        going_on = self.samples - np.cumsum(stops, axis=0)[:-1]
        kept = (masks >> np.arange(self.exits)[:, None]) & 1
        return np.concatenate([stops, going_on * kept]), right


def _patterns(log: ExitLog, takes: BoolArray) -> _Patterns:
    """`takes` (early candidates, samples)."""
    bits = np.int64(1) << np.arange(log.candidates, dtype=np.int64)
    keys = np.stack([bits[:-1] @ takes.astype(np.int64), bits @ log.correct.astype(np.int64)])
    unique, count = np.unique(keys, axis=1, return_counts=True)
    return _Patterns(unique[0], unique[1], count.astype(np.float64))
