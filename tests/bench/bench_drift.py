"""How soon is drift noticed on real logits, how soon could any test notice it, and how often is there a false alarm?

    python -m tests.bench.bench_drift BUNDLE --data SPEC [--part delays|month|costs] [--mode M] [--seeds N] [--json F]

BUNDLE is one that `codesign compile` made for SPEC (such as cifar10:FOLDER) of networks that know none of the images
in its select, certify and test splits. All of them go through every stage, clean and corrupted (by
`codesign.data.corruptions`, and a milder strength of each). What a board sees is drawn from these answers; what the
bundle expects is estimated from as many images as a select split has, drawn anew for each run, so that its error is
part of what is measured.

delays: every corruption is mixed with clean images until the mode's accuracy has fallen by 2 points (a corruption that
costs less than 1.8 is left out); beside them class mixes that cost as much, and images lost by leaving early made so
frequent that exits cost 2 points more. `bound` is ln(images between false alarms) over the Kullback-Leibler divergence
of an image's cell: what the best test of those cells needs on average that knows both laws exactly (Lorden 1971), which
no board does; `bound_all` the same of all entropies seen, the divergence estimated by boosted trees on held-out images.

month: alarms of --days days at 30 images a second without drift, of references drawn anew; a sparse board (an image in
ten seconds) sees the first 5,184 looks of it in 30 days. An alarm resets the test: a guard at full depth would not
alarm again, and one that has recovered waits longer each time.

costs: false alarms of the cost watch over 30 days, with an image's time spread by a third, a day's heat and other work.
"""

from __future__ import annotations

import argparse
import json
import math
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import beta

from runtime.contract.arrays import BoolArray, FloatArray, IntArray
from runtime.telemetry.cost_watch import STRETCH_IMAGES, STRETCH_S, CostWatch
from runtime.telemetry.drift import BATCH, DriftMonitor, DriftRules

from .drift_answers import CLEAN, Answers, answers_of, law, reference

POINTS, NEARLY = 0.02, 0.9
REFERENCES = (1502, 3000)  # images: a select split, and one with the certify split
MOST_LOOKS = 400  # 20,000 images
GOAL_IMAGES = 2000
DAYS = 30
LOOKS_A_MONTH = DAYS * 86_400 * 30 // BATCH
SPARSE_LOOKS = DAYS * 8640 // BATCH
DRAWN = 400  # references
FIRST_SEED = 9000  # others were used to choose the rules


def shifts(modes: dict[str, Answers], labels: IntArray) -> dict[str, tuple[str, FloatArray, float]]:
    """By name: the case, weights of clean images and of that case's (images, 2), and points of exit loss added."""
    clean, found = modes[CLEAN], {}
    alike = np.full(labels.size, 1.0 / labels.size)
    exit_loss = clean.full_right.mean() - clean.right.mean()
    for case, answers in modes.items():
        lost = clean.right.mean() - answers.right.mean()
        if case == CLEAN or lost < NEARLY * POINTS:
            continue
        share = min(POINTS / lost, 1.0)
        more = share * (answers.full_right.mean() - answers.right.mean() - exit_loss)
        found[f"{case}, {share:.0%} of images"] = (case, np.stack([(1 - share) * alike, share * alike], 1), more)
    by_class = [clean.right[labels == k].mean() for k in range(labels.max() + 1)]
    for rank, label in enumerate(np.argsort(by_class)[:2]):
        share = POINTS / (clean.right.mean() - by_class[label])
        if 0 < share < 1:
            of_class = (labels == label) / (labels == label).sum()
            weights = (1 - share) * alike + share * of_class
            more = weights @ (clean.full_right * 1.0 - clean.right) - exit_loss
            name = f"class {rank + 1} from the worst, {share:.0%} more of it"
            found[name] = (CLEAN, np.stack([weights, 0 * alike], 1), more)
    harmed = clean.full_right & ~clean.right
    share = POINTS / (1 - exit_loss)
    weights = (1 - share) * alike + share * harmed / harmed.sum()
    found[f"images lost by leaving early, {share:.0%} more of them"] = (
        CLEAN,
        np.stack([weights, 0 * alike], 1),
        POINTS,
    )
    return found


def divergence(after: FloatArray, before: FloatArray) -> float:
    """Kullback-Leibler, in nats."""
    some = after > 0
    return float((after[some] * np.log(after[some] / before[some])).sum())


def fine_divergence(clean: Answers, case: Answers, weights: FloatArray) -> float:
    """Of all entropies that the mode saw, by boosted trees on held-out halves; estimated from below."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    def seen(answers: Answers) -> FloatArray:
        logs = np.log(np.maximum(answers.entropy_nats, 1e-7)).T.copy()
        for stage in range(logs.shape[1]):
            logs[answers.exit_index < stage, stage] = 99.0
        return logs

    count, of_clean, of_case = clean.exit_index.size, weights[:, 0], weights[:, 1]
    other, other_weights = (case, np.full(count, 1.0)) if of_case.any() else (clean, of_clean * count)
    share = of_case.sum() if of_case.any() else 1.0  # of the other law, in what is seen after the shift
    half = np.random.default_rng(0).permutation(count) % 2 == 0
    found = []
    for learns in (half, ~half):
        trees = HistGradientBoostingClassifier(max_depth=3, max_iter=80, learning_rate=0.08, min_samples_leaf=60)
        trees.fit(
            np.concatenate([seen(clean)[learns], seen(other)[learns]]),
            np.repeat([0, 1], learns.sum()),
            sample_weight=np.concatenate([np.ones(learns.sum()), other_weights[learns]]),
        )

        def ratios(answers: Answers, trees: Any = trees, judged: BoolArray = ~learns) -> FloatArray:
            chance = np.clip(trees.predict_proba(seen(answers)[judged])[:, 1], 1e-4, 1 - 1e-4)
            mixed: FloatArray = (1 - share) + share * chance / (1 - chance)
            return mixed

        before, after = ratios(clean), ratios(other)
        mean = share * np.average(np.log(after), weights=other_weights[~learns]) + (1 - share) * np.log(before).mean()
        found.append(float(mean - np.log(before.mean())))  # Donsker and Varadhan: from below, whatever the ratios
    return max(float(np.mean(found)), 0.0)


def delays(modes: dict[str, Answers], labels: IntArray, seeds: int, images: int) -> dict[str, Any]:
    """Of every shift, over so many references of so many images."""
    clean, quiet_nats = modes[CLEAN], math.log(DriftRules().patience * BATCH)
    told: dict[str, Any] = {}
    for name, (case, weights, more) in shifts(modes, labels).items():
        found, kl = [], []
        for seed in range(FIRST_SEED, FIRST_SEED + seeds):
            rng = np.random.default_rng(seed)
            expected = reference(clean, rng.integers(0, labels.size, images))
            before = law(clean, expected)
            after = _mixed(clean, modes[case], expected, weights)
            kl.append(divergence(after, np.maximum(before, 1e-9)))
            found.append(_alarm_after(DriftMonitor(expected), after, rng))
        fine = fine_divergence(clean, modes[case], weights)
        told[name] = {
            "exit_loss_points_added": round(100 * float(more), 2),
            "bound_images": round(quiet_nats / float(np.mean(kl))),
            "bound_all_images": None if fine <= 0 else round(quiet_nats / fine),
            "median_images": _median(found),
            "within_2000": float(np.mean([at is not None and at <= GOAL_IMAGES for at in found])),
            "never_in_20000": float(np.mean([at is None for at in found])),
        }
    return told


def _mixed(clean: Answers, case: Answers, expected: Any, weights: FloatArray) -> FloatArray:
    mixed = np.zeros(sum(len(shares) for shares in expected.shares))
    for answers, of_those in ((clean, weights[:, 0]), (case, weights[:, 1])):
        if of_those.any():
            mixed += of_those.sum() * law(answers, expected, of_those)
    return mixed / mixed.sum()


def _alarm_after(monitor: DriftMonitor, shares: FloatArray, rng: np.random.Generator) -> int | None:
    for look, counts in enumerate(rng.multinomial(BATCH, shares, size=MOST_LOOKS)):
        if monitor.answered_many(counts, BATCH) is not None:
            return (look + 1) * BATCH
    return None


def _median(found: Sequence[int | None]) -> float | None:
    median = float(np.median([math.inf if at is None else at for at in found]))
    return median if math.isfinite(median) else None


def month(clean: Answers, seeds: int, images: int, looks: int = LOOKS_A_MONTH) -> dict[str, Any]:
    """Alarms without drift, by reference: the monitor's own bets, all references side by side.

    Of DRAWN references those are simulated by which some bet gains the most, and some of the others at random: nearly
    all alarms come from the few references that happened to be far off.
    """
    rng, rules = np.random.default_rng(FIRST_SEED), DriftRules()
    pool = clean.exit_index.size
    drawn = [reference(clean, rng.integers(0, pool, images)) for _ in range(DRAWN)]
    gains = [float((law(clean, each) @ DriftMonitor(each).growth).max()) for each in drawn]
    order = np.argsort(gains)[::-1]
    unlucky = seeds // 2
    others = rng.choice(order[unlucky:], seeds - unlucky, replace=False)
    expected = [drawn[k] for k in (*order[:unlucky], *others)]
    monitors = [DriftMonitor(each) for each in expected]
    laws = [law(clean, each) for each in expected]
    cells, bets = (max(monitor.growth.shape[k] for monitor in monitors) for k in (0, 1))
    growth, weights = np.zeros((seeds, cells, bets)), np.zeros((seeds, bets))
    for k, monitor in enumerate(monitors):
        growth[k, : monitor.growth.shape[0], : monitor.growth.shape[1]] = monitor.growth
        weights[k, : monitor.weights.size] = monitor.weights
    statistic = np.zeros((seeds, bets))
    alarms, sparse = np.zeros(seeds), np.zeros(seeds)
    block = 1000
    for start in range(0, looks, block):
        counts = np.zeros((block, seeds, cells))
        for k, shares in enumerate(laws):
            counts[:, k, : shares.size] = rng.multinomial(BATCH, shares, size=block)
        factors = np.exp(np.clip(np.einsum("bsc,sca->bsa", counts, growth, optimize=True), -100, 100))
        for look in range(min(block, looks - start)):
            statistic = (statistic + 1.0) * factors[look]
            over = (statistic * weights).sum(axis=1) >= rules.patience
            if over.any():
                statistic[over] = 0.0
                alarms += over
                sparse += over * (start + look < SPARSE_LOOKS)
    each_of_others = float(alarms[unlucky:].mean())
    mean = (alarms[:unlucky].sum() + (DRAWN - unlucky) * each_of_others) / DRAWN
    some = int((alarms > 0).sum())
    return {
        "references_drawn": DRAWN,
        "simulated_with_the_largest_gains": unlucky,
        "simulated_of_the_others": seeds - unlucky,
        "days_each": looks / LOOKS_A_MONTH * DAYS,
        "false_alarms_by_reference": list(map(int, alarms)),
        "mean_per_30_days": mean * LOOKS_A_MONTH / looks,
        "share_of_references_with_any": some / DRAWN,  # where none of the others had one
        "share_of_references_with_any_95": [
            float(beta.ppf(0.025, some, DRAWN - some + 1)) if some else 0.0,
            float(beta.ppf(0.975, some + 1, DRAWN - some)),
        ],
        "sparse_board_alarms": int(sparse.sum()),
    }


def costs(seeds: int) -> dict[str, Any]:
    """False alarms of the cost watch by how busy the board is otherwise; means over seeds of 30 days."""
    told = {}
    for rate_hz in (30.0, 0.1):
        stretch_s = max(STRETCH_S, STRETCH_IMAGES / rate_hz)
        count = int(DAYS * 86_400 / stretch_s)
        images = max(STRETCH_IMAGES, rate_hz * STRETCH_S)
        for busy in (0.0, 0.05, 0.2):
            alarms = []
            for seed in range(seeds):
                rng = np.random.default_rng([seed, round(busy * 100)])
                heat = 1.0 + 0.05 * np.sin(2 * np.pi * np.arange(count) * stretch_s / 86_400)
                other = _work(rng, count, busy, stretch_s)
                ratios = heat * (1.0 + 0.3 * other) * rng.normal(1.0, 0.33 / math.sqrt(images), count)
                watch, gone_off = CostWatch(), 0
                for ratio in ratios.tolist():
                    watch.ratios.append(ratio)
                    gone_off += watch._judged() is True
                alarms.append(gone_off)
            told[f"{rate_hz:g} images/s, other work in {busy:.0%} of the time, +30 % each"] = {
                "mean_per_30_days": float(np.mean(alarms)),
                "most": max(alarms),
            }
    return told


def _work(rng: np.random.Generator, count: int, busy: float, stretch_s: float) -> FloatArray:
    """Share of each stretch in which other work runs: bouts of three minutes on average."""
    if not busy:
        return np.zeros(count)
    minutes = max(1, round(stretch_s / 60.0))
    ends, begins = 1 / 3, busy / (1 - busy) / 3
    draws, state = rng.random(count * minutes), False
    found = np.zeros(count * minutes)
    for k, draw in enumerate(draws.tolist()):
        state = draw >= ends if state else draw < begins
        found[k] = state
    shares: FloatArray = found.reshape(count, minutes).mean(axis=1)
    return shares


def main() -> None:
    """Run a part and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--data", required=True, metavar="SPEC")
    parser.add_argument("--part", choices=("delays", "month", "costs"), default="delays")
    parser.add_argument("--mode", default="balanced")
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--days", type=float, default=DAYS, help="of part month (default: %(default)s)")
    parser.add_argument(
        "--answers", type=Path, metavar="NPZ", help="keep what the stages answer there for the next part"
    )
    parser.add_argument("--json", type=Path, help="added to what is in it")
    args = parser.parse_args()
    told: dict[str, Any] = {"kind": "measured logits, simulated streams", "seeds": args.seeds}
    if args.part == "costs":
        told = {"kind": "simulated", "seeds": args.seeds, **costs(args.seeds)}
    else:
        modes, labels = answers_of(args.bundle, args.data, args.answers)
        mine = modes[args.mode]
        told["accuracy"] = {case: round(float(each.right.mean()), 4) for case, each in mine.items()}
        told["exit_loss"] = {c: round(float(a.full_right.mean() - a.right.mean()), 4) for c, a in mine.items()}
        for images in REFERENCES if args.part == "delays" else REFERENCES[:1]:
            found = delays(mine, labels, args.seeds, images) if args.part == "delays" else month(
                mine[CLEAN], args.seeds, images, round(LOOKS_A_MONTH * args.days / DAYS)
            )  # fmt: skip
            told[f"reference of {images} images"] = found
    print(json.dumps(told, indent=1))
    if args.json is not None:
        whole = json.loads(args.json.read_text()) if args.json.is_file() else {}
        whole["machine"] = f"{platform.machine()}, Python {platform.python_version()}"
        name = args.part if args.part == "costs" else f"{args.part} {args.mode}"
        whole[name] = told
        args.json.write_text(json.dumps(whole, indent=1) + "\n")


if __name__ == "__main__":
    main()
