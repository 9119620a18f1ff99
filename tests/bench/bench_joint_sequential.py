"""Does searching together pay? The joint design against network first, exits and clocks after, at equal accuracy.

    python -m tests.bench.bench_joint_sequential --supernet CHECKPOINT --data SPEC --work DIR --json OUT
        [--boards orin-nano-super:cpu,tx2:gpu] [--seeds 5] [--backbones 80] [--shared-heads]
    python -m tests.bench.bench_joint_sequential --run RUN --work DIR --json OUT [--boards ...] [--seeds 5]

With a supernet, both ways are given the same evaluated backbones (random ones, the smallest and the largest) and the
same trained finalists. With RUN, a finished run of `codesign compile --model …`, they are given its networks, whose
answers are asked once. All images that no training has seen are in one pool; a seed splits it into images that choose
(`select`), that certify (`certify`) and that judge (`test`). Energy is that of the judging images, on the simulated
board; accuracies and harm are measured on them.

- sequential: the cheapest network that keeps to the requirement on `select`, then the exits and clocks that save most
  under the same requirement.
- joint: the cheapest design of all finalists and all chains of two of them under the same requirement.
- one backbone: the cheapest of all finalists with exits, none of them in a chain.

What is certified is harm against the full network, with 90 % confidence: sequential starts from the cheapest network
whose harm on `select` is within what is aimed at, three quarters of what is certified, as `codesign compile` does it.
`aimed` is the same before it is certified. Two more ways may come after it: the joint design aimed at half of the harm,
and the cheaper of the joint and the sequential design, each tested with half of the risk. Work is kept in DIR; a run
that is cut short goes on from there.
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Any, cast

import numpy as np

from codesign.policy.averaging import averaged_log
from codesign.policy.exit_log import ExitLog
from codesign.policy.requirement import Requirement
from codesign.search.backbone_record import BackboneRecord, Genome, genome_name
from codesign.search.chain_solver import ChainSolver
from codesign.search.choose import ChosenDesign, by_energy, full_network, static_by_energy
from codesign.search.inner_grid import InnerLimits
from codesign.search.ledger import ChainResult
from codesign.search.polish import Polisher
from codesign.space.preset import load_preset
from codesign.walk.certify_step import AIMED_SHARE, certificate_of
from codesign.walk.compile import board_pricing
from codesign.walk.outcome import design_outcome
from codesign.walk.settings import Settings
from runtime.contract.arrays import FloatArray, IntArray
from runtime.engine.machine import this_machine

REQUEST_RATE = 30.0
LOSSES = (0.01,)
STANDARD_ERRORS = 2.0
HARMS = (0.01, 0.03)
DELTA = 0.1
PROMOTED = 2  # backbones, at least, that the cheapest designs under each of three requirements bring to the finals
OVER = " saves over sequential"
WAYS = ("sequential", "one backbone", "joint")
PARTNERS = 9  # backbones of which every pair is solved before any heads are trained


@dataclass(frozen=True, slots=True)
class Split:
    """Which images of the pool do what."""

    select: IntArray
    certify: IntArray
    test: IntArray


@dataclass(frozen=True, slots=True)
class Candidates:
    """Networks with exits: records on the whole pool, and what every exit answers there."""

    records: Sequence[BackboneRecord]
    logits: Mapping[Genome, FloatArray]  # (exits + 1, pool, classes)


def split_of(samples: int, seed: int) -> Split:
    """A quarter, a quarter and half."""
    order = np.random.default_rng([seed, 17]).permutation(samples)
    quarter = samples // 4
    return Split(order[:quarter], order[quarter : 2 * quarter], order[2 * quarter :])


def on(images: IntArray, records: Sequence[BackboneRecord]) -> list[BackboneRecord]:
    """The same backbones, their answers on some images of the pool."""
    return [replace(record, log=record.log.of_samples(images)) for record in records]


def least_harmful_network(
    records: Sequence[BackboneRecord], solver: ChainSolver, full: BackboneRecord, max_harm: float
) -> BackboneRecord:
    """The cheapest network that gets at most a share of the images wrong which the full one gets right."""
    right = full.log.correct[-1]
    within = [r for r in records if float((right & ~r.log.correct[-1]).mean()) <= max_harm]
    pricing = solver.pricing
    return min(within, key=lambda r: (float(pricing.static(r).energy_j[0, pricing.default]), r.name))


def promoted(records: Sequence[BackboneRecord], solver: ChainSolver, loss: float, full: BackboneRecord) -> list[Genome]:
    """Backbones worth heads of their own, chosen with shared ones: what `sequential` takes, then the joint designs'.

    Every backbone is solved alone, then every pair of those that are on the front of single designs or cheap enough to
    be the last of a chain. Members of the cheapest designs under the requirement come first.
    """
    right = full.log.correct[-1]
    wanted = Requirement(right, loss, STANDARD_ERRORS)
    alone = [ChainResult((record,), solver((record,))) for record in records]
    statics = static_by_energy(records, solver, wanted)
    firsts = [static_by_energy(records, solver, replace(wanted, max_loss=each))[0] for each in LOSSES]
    firsts += [least_harmful_network(records, solver, full, AIMED_SHARE * harm) for harm in HARMS]
    partners = {record.genome: record for record in [full, *statics[:4], *_on_the_front(alone)]}
    chains = [solver.pricing.ordered(pair) for pair in combinations(list(partners.values())[:PARTNERS], 2)]
    results = [*alone, *(ChainResult(chain, solver(chain)) for chain in chains)]
    chosen: dict[Genome, None] = dict.fromkeys(record.genome for record in [full, *firsts])
    # Shared heads are worse than a backbone's own: once those are trained, more keeps to the requirement.
    for requirement in (wanted, replace(wanted, standard_errors=0.0), Requirement(right, 0.25 * loss, 0.0)):
        enough = len(chosen) + PROMOTED
        for design in by_energy(results, solver, requirement):
            if len(chosen) >= enough:
                break
            chosen |= dict.fromkeys(record.genome for record in design.chain)
    return list(chosen)


def _on_the_front(alone: Sequence[ChainResult]) -> list[BackboneRecord]:
    """Backbones with a design that no other backbone's beats in accuracy and energy, most designs first."""
    solved = [result for result in alone if result.front is not None]
    accuracy = np.concatenate([result.front.accuracy for result in solved if result.front is not None])
    energy_j = np.concatenate([result.front.energy_j for result in solved if result.front is not None])
    owner = np.concatenate([np.full(len(r.front.accuracy), n) for n, r in enumerate(solved) if r.front is not None])
    order = np.lexsort((-accuracy, energy_j))
    best = np.maximum.accumulate(accuracy[order])
    ahead = np.concatenate([[True], best[1:] > best[:-1]])
    owners, counts = np.unique(owner[order][ahead], return_counts=True)
    return [solved[int(n)].chain[0] for n in owners[np.argsort(-counts)]]


def one_seed(
    everything: Sequence[BackboneRecord], candidates: Candidates, solver: ChainSolver, split: Split
) -> dict[str, Any]:
    """All ways under all requirements, judged on the test images."""
    archive = on(split.select, everything)
    full = full_network(archive)
    records = on(split.select, candidates.records)
    chosen_on = {record.genome: candidates.logits[record.genome][:, split.select] for record in records}
    reference = next(record for record in records if record.genome == full.genome)
    polisher = Polisher(solver, lambda record: chosen_on[record.genome], reference=reference)
    chains = {(r.genome,): (r,) for r in records}
    pairs = [solver.pricing.ordered(pair) for pair in combinations(records, 2)]
    results = [ChainResult(chain, solver(chain)) for chain in [*chains.values(), *pairs]]
    results += [ChainResult(chain, solver.without_exits(chain)) for chain in chains.values()]
    single = [result for result in results if len(result.chain) == 1]

    def judged(chosen: ChosenDesign | None, images: IntArray) -> ExitLog:
        if chosen is None:
            raise ValueError("nothing was chosen")
        logits = np.concatenate([candidates.logits[record.genome][:, images] for record in chosen.chain])
        labels = next(r for r in candidates.records if r.genome == full.genome).log.of_samples(images)
        log = averaged_log(logits, labels.labels, chosen.design.mask, chosen.averaging)
        return replace(log, full=labels.predictions[-1])

    full_right = next(r for r in candidates.records if r.genome == full.genome).log.of_samples(split.test).correct[-1]

    def told(chosen: ChosenDesign | None) -> dict[str, Any] | None:
        if chosen is None:
            return None
        found = design_outcome(chosen, judged(chosen, split.test), solver.pricing, REQUEST_RATE)
        stages = [(record.name, float(record.static.macs)) for record in chosen.chain]
        shares = [1.0] if found.replay is None else [float(share) for share in found.replay.exit_shares]
        return {
            "energy_j": found.energy_j,
            "accuracy": found.accuracy,
            "lost": float(full_right.mean()) - found.accuracy,
            "harm": found.harm,
            "latency_s": found.latency_s,
            "chain": stages,
            "exit_shares": shares,
            "point": chosen.design.point,
        }

    def joules_on_certify(chosen: ChosenDesign) -> float:
        return design_outcome(chosen, judged(chosen, split.certify), solver.pricing, REQUEST_RATE).energy_j

    def certified(chosen: ChosenDesign | None, epsilon: float, delta: float) -> ChosenDesign | None:
        """With the thresholds that pass; None where no early exit does."""
        if chosen is None or chosen.policy.stages == 1:
            return None
        classes = int(next(iter(candidates.logits.values())).shape[2])
        certificate = certificate_of(chosen, judged(chosen, split.certify), classes, epsilon, delta)
        return replace(chosen, policy=certificate.policy) if certificate.passed else None

    pricing = solver.pricing
    at_full = pricing.static(full).energy_j[0]
    rows: dict[str, Any] = {
        "full": {
            "accuracy": float(full_right.mean()),
            "energy_max_clocks_j": float(at_full[pricing.fastest]),
            "energy_best_clocks_j": float(at_full.min()),
        }
    }
    for loss in LOSSES:
        wanted = Requirement(full.log.correct[-1], loss, STANDARD_ERRORS)
        first = static_by_energy(archive, solver, wanted)[0]
        own = [result for result in single if result.chain[0].genome == first.genome]
        ways = dict(zip(WAYS, (own, single, results), strict=True))
        rows[f"tuned {100 * loss:g}"] = {name: told(polisher.best(pool, [wanted])) for name, pool in ways.items()} | {
            "static": {
                "name": first.name,
                "macs": float(first.static.macs),
                "energy_best_clocks_j": float(pricing.static(first).energy_j[0].min()),
            }
        }
    right = full.log.correct[-1]
    for harm in HARMS:
        first = least_harmful_network(archive, solver, full, AIMED_SHARE * harm)
        own = [result for result in single if result.chain[0].genome == first.genome]
        ways = dict(zip(WAYS, (own, single, results), strict=True))
        aimed = {name: polisher.least_harmful(pool, right, AIMED_SHARE * harm) for name, pool in ways.items()}
        rows[f"aimed {100 * harm:g}"] = {name: told(chosen) for name, chosen in aimed.items()}
        passed = {name: certified(chosen, harm, DELTA) for name, chosen in aimed.items()}
        passed["joint aimed at half"] = certified(polisher.least_harmful(results, right, 0.5 * harm), harm, DELTA)
        halves = [certified(aimed[name], harm, DELTA / 2) for name in ("sequential", "joint")]
        passed["joint or sequential"] = min(
            (chosen for chosen in halves if chosen is not None), key=joules_on_certify, default=None
        )
        rows[f"certified {100 * harm:g}"] = {name: told(chosen) for name, chosen in passed.items()} | {
            "static": {"name": first.name, "macs": float(first.static.macs)}
        }
    return rows


class Supernet:
    """Backbones of a trained supernet: a pool of evaluated ones, and finalists whose heads are trained when asked."""

    def __init__(self, checkpoint: Path, spec: str, work: Path, backbones: int, *, shared: bool, seed: int = 0) -> None:
        from codesign.backbones.checkpoint import load_supernet
        from codesign.data.load import load_data
        from codesign.walk.evaluate import Evaluator
        from codesign.walk.run_folder import start
        from codesign.walk.search_step import obtain_shared_heads

        supernet, description = load_supernet(checkpoint)
        data = load_data(spec, seed)
        preset = load_preset("tiny")
        recipe = replace(preset.training, augment="shift-flip")
        self.shared, self.recipe, self.epochs = shared, recipe, preset.search.finalist_head_epochs
        folder = start(work / "run", {"data": spec, "checkpoint": description.recipe}, {}, resume=True)
        heads = obtain_shared_heads(supernet, data, recipe, seed, folder, _tick("shared heads"))
        unseen = [data.select, data.certify, data.test]
        pool = replace(
            data.select,
            images=np.concatenate([part.images for part in unseen]),
            labels=np.concatenate([part.labels for part in unseen]),
        )
        self.evaluator = Evaluator(supernet, heads, replace(data, select=pool), folder)
        sizes = [len(choices) for choices in supernet.space.gene_choices]
        rng = np.random.default_rng([seed, 19])
        genomes: dict[Genome, None] = {tuple(size - 1 for size in sizes): None, tuple(0 for _ in sizes): None}
        while len(genomes) < backbones:
            genomes[tuple(int(gene) for gene in rng.integers(sizes))] = None
        self.genomes = list(genomes)

    def everything(self) -> list[BackboneRecord]:
        """All of the pool, evaluated with the shared heads."""
        from codesign.scale.in_process import InProcess
        from codesign.walk.far_work import evaluate_all

        done: list[Genome] = []

        def note(genome: Genome) -> None:
            done.append(genome)
            _say(f"evaluated {len(done)}/{len(self.genomes)}")

        found = evaluate_all(self.evaluator, self.genomes, InProcess(), note)
        return [one for one in found if isinstance(one, BackboneRecord)]

    def finalists(self, genomes: Sequence[Genome]) -> Candidates:
        """With heads of their own, or with the shared ones they were evaluated with."""
        from codesign.walk.record_file import read_record
        from codesign.walk.run_folder import read_arrays
        from codesign.walk.search_step import train_finalist

        folder, records, logits = self.evaluator.folder, [], {}
        for number, genome in enumerate(genomes):
            name = genome_name(genome)
            kept = (folder.backbones if self.shared else folder.finalists) / f"{name}.npz"
            asked = folder.logits / f"{name}{'-shared' if self.shared else ''}.npz"
            if not asked.is_file():
                _say(f"finalist {number + 1}/{len(genomes)}")
                if self.shared:
                    self._ask(genome, asked)
                else:
                    train_finalist(self.evaluator, genome, self.recipe, self.epochs, 0, _tick("heads"))
            records.append(read_record(kept))
            logits[genome] = read_arrays(asked)["logits"]
        return Candidates(records, logits)

    def _ask(self, genome: Genome, file: Path) -> None:
        from codesign.exits.answers import answers
        from codesign.walk.run_folder import write_arrays

        exited, data = self.evaluator.exited(genome), self.evaluator.data
        write_arrays(file, {"logits": answers(exited.model, exited.outputs, data.select.images, data.input).logits})


def brought(run: Path, cache: Path) -> tuple[list[BackboneRecord], Candidates]:
    """The networks of a run with `--model`, as records on all images that they have never seen."""
    from codesign.exits.deep_head import DeepHead
    from codesign.exits.user_exits import exited, user_network
    from codesign.walk.evaluate import record_of
    from codesign.walk.run_folder import RUN
    from codesign.walk.user_models import load_user_models

    from .pooled_answers import answers_of_run, checked

    answered, _ = answers_of_run(run, cache)
    networks = checked(answered)
    settings = Settings.from_json(json.loads((run / RUN).read_text(encoding="utf-8"))["settings"])
    models = sorted(load_user_models([Path(name) for name in settings.models], settings.size), key=lambda m: m.macs)
    records = []
    for number, (model, network) in enumerate(zip(models, networks, strict=True)):
        own = user_network(model)
        graph = exited(own, [DeepHead(shape) for shape in own.heads.values()])  # of heads only the work counts here
        log = network.record(number, np.arange(network.labels.size)).log
        records.append(record_of((number,), graph, log))
    return records, Candidates(records, {r.genome: n.logits for r, n in zip(records, networks, strict=True)})


def solver_of(board: str) -> ChainSolver:
    """The product's default search on a board, like `tx2:gpu`."""
    name, _, device = board.partition(":")
    budget = load_preset("tiny").search
    settings = Settings("digits", name, device=cast(Any, device or "gpu"))
    limits = InnerLimits(budget.max_exits, None, None, REQUEST_RATE)
    return ChainSolver(board_pricing(settings), limits, budget.threshold_levels)


def summary_of(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Over the seeds: what every way costs, loses and harms; energy that one saves over another where both are there.

    A way that finds nothing with an exit in it is left with the full network at its best clocks, and counts as that.
    """
    table: dict[str, Any] = {}
    for rule in [name for name in rows[0] if name != "full"]:
        ways = [way for way in rows[0][rule] if way != "static"]
        told = [{way: row[rule][way] or _without_exits(row["full"]) for way in ways} for row in rows]
        found: dict[str, Any] = {
            way: {key: _spread([row[way][key] for row in told]) for key in ("energy_j", "lost", "harm")}
            | {"without_exits": sum(row[rule][way] is None for row in rows)}
            for way in ways
        }
        for way in ways[1:]:
            saved = [1.0 - row[way]["energy_j"] / row["sequential"]["energy_j"] for row in told]
            found[f"{way}{OVER}"] = _spread(saved)
        found["chains_among_joint"] = sum(len(row["joint"]["chain"]) > 1 for row in told)
        table[rule] = found
    return table


def _without_exits(full: Mapping[str, Any]) -> dict[str, Any]:
    return {"energy_j": full["energy_best_clocks_j"], "lost": 0.0, "harm": 0.0, "chain": []}


def _spread(values: Sequence[float]) -> dict[str, float]:
    array = np.asarray(values)
    deviation = float(array.std(ddof=1)) if array.size > 1 else 0.0
    return {"mean": float(array.mean()), "std": deviation, "min": float(array.min()), "max": float(array.max())}


def shown(board: str, table: Mapping[str, Any]) -> str:
    """A board as lines for people."""
    lines = [board]
    for rule, found in table.items():
        lines.append(f"  {rule}: sequential loses {100 * found['sequential']['lost']['mean']:.2f} points")
        for name, saved in found.items():
            if name.endswith(OVER):
                way = name[: -len(OVER)]
                lines.append(
                    f"    {way:20} saves {100 * saved['mean']:5.1f} ± {100 * saved['std']:4.1f} % over it, loses "
                    f"{100 * found[way]['lost']['mean']:.2f} points, harm {100 * found[way]['harm']['mean']:.2f} %"
                )
    return "\n".join(lines)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _tick(what: str) -> Callable[[int, int, str], None]:
    told = time.monotonic()

    def tick(done: int, of: int, _note: str) -> None:
        nonlocal told
        if time.monotonic() - told > 30.0:
            told = time.monotonic()
            _say(f"  {what}: {done}/{of}")

    return tick


def main() -> None:
    """Print the tables of every board, and write them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--supernet", type=Path)
    parser.add_argument("--data")
    parser.add_argument("--run", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--boards", default="orin-nano-super:cpu,tx2:gpu")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--backbones", type=int, default=80)
    parser.add_argument("--shared-heads", action="store_true", help="finalists keep the heads they were searched with")
    parser.add_argument("--json", type=Path, required=True)
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    net = None
    if args.run is not None:
        everything, candidates = brought(args.run, args.work)
    else:
        net = Supernet(args.supernet, args.data, args.work, args.backbones, shared=args.shared_heads)
        everything = net.everything()
    samples = everything[0].log.samples
    boards = args.boards.split(",")
    solvers = {board: solver_of(board) for board in boards}
    found: dict[str, list[dict[str, Any]]] = {board: [] for board in boards}
    kind = "run" if args.run else "shared" if args.shared_heads else "own"
    for seed in range(args.seeds):
        for board, solver in solvers.items():
            kept = args.work / f"{kind}-{board.replace(':', '-')}-{seed}.json"
            if not kept.is_file():
                split = split_of(samples, seed)
                if net is not None:
                    archive = on(split.select, everything)
                    genomes = promoted(archive, solver, 0.01, full_network(archive))
                    _say(f"{board} seed {seed}: {len(genomes)} finalists")
                    candidates = net.finalists(genomes)
                kept.write_text(json.dumps(one_seed(everything, candidates, solver, split)), encoding="utf-8")
            found[board].append(json.loads(kept.read_text(encoding="utf-8")))
            _say(f"{board} seed {seed}: {time.monotonic() - started:.0f} s")
    summary: dict[str, Any] = {
        "given": args.run.name if args.run else f"{args.backbones} backbones of {args.supernet} on {args.data}",
        "heads": "shared by all backbones" if args.shared_heads else "each backbone's own",
        "seeds": args.seeds,
        "images": {name: int(getattr(split_of(samples, 0), name).size) for name in ("select", "certify", "test")},
        "request_rate_hz": REQUEST_RATE,
        "standard_errors": STANDARD_ERRORS,
        "delta": DELTA,
        "accuracy_kind": "measured",
        "energy_kind": "simulated",
        "command": shlex.join(["python", "-m", "tests.bench.bench_joint_sequential", *sys.argv[1:]]),
        "machine": this_machine(),
        "took_s": round(time.monotonic() - started),
        "boards": {},
    }
    for board in boards:
        table = summary_of(found[board])
        print(shown(board, table), flush=True)
        summary["boards"][board] = {"table": table, "rows": found[board]}
    args.json.write_text(json.dumps(summary, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
