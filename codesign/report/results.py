"""Reads `results.json` and checks it on the way: whatever is wrong is named by its path."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from runtime.contract.errors import ConfigError, StorageError, UnitError
from runtime.contract.operating_point import OperatingPoint

from .findings import (
    Bar,
    Board,
    ClassAccuracy,
    Data,
    Exit,
    Fronts,
    FullNetwork,
    Gain,
    Generation,
    ModeResult,
    Outcome,
    Point,
    Results,
    Settings,
    Split,
    Verification,
)
from .limits import limits_from
from .measured import measured_from
from .precision import precision_from
from .predictor import predictor_from
from .reading import TO_DO, Node
from .robustness import robustness_from
from .search_told import search_from

Part = TypeVar("Part")

SCHEMA_MAJOR = "1"
BAR_NAMES = (
    "static_default_mode",
    "static_max_clocks",
    "static_best_clocks",
    "exits_max_clocks",
    "sequential",
    "exits_best_clocks",
)
SPLIT_NAMES = ("train", "select", "certify", "test")


def read_results(path: Path) -> Results:
    """The results written at `path`.

    Raises:
        StorageError: the file cannot be read.
        ConfigError: it is not JSON, or a key is missing or holds something impossible; the message names its path.
    """
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise StorageError(
            f"the results cannot be read: {error}", where=str(path), to_do="give the results.json of a finished run"
        ) from error
    except ValueError as error:
        raise ConfigError(f"the results are not JSON: {error}", where=str(path), to_do=TO_DO) from error
    return results_from(table)


def check_results(results: Mapping[str, Any]) -> None:
    """Raise ConfigError, naming the path, where a key is missing or holds something impossible."""
    results_from(results)


def results_from(table: Mapping[str, Any]) -> Results:
    """The results of a JSON object; keys added by later minor versions are left aside. Raises ConfigError."""
    root = Node(table)
    schema = root.at("schema")
    if schema.text().split(".")[0] != SCHEMA_MAJOR:
        raise schema.wrong(f"schema {SCHEMA_MAJOR}.x")
    data = _data(root.at("data"))
    macs, gains, checks = root.at("macs"), root.at("gains"), root.at("verification")
    certificate = root.at("certificate")
    return Results(
        created=_moment(root.at("created")),
        command=root.at("command").text(),
        tool_version=root.at("tool_version").text(),
        machine=root.at("machine").text(),
        data=data,
        board=_board(root.at("board")),
        settings=_settings(root.at("settings")),
        full_network=_full_network(root.at("full_network")),
        bars=_bars(root.at("bars")),
        oracle=_bar(root.at("oracle")),
        macs_static=macs.at("static").above_zero(),
        macs_exits=macs.at("exits").above_zero(),
        certificate=None if certificate.absent else {key: item.value for key, item in certificate.mapping()},
        modes=_modes(root.at("modes"), data),
        fronts=_fronts(root.at("fronts")),
        gain_single=_gain(gains.at("single")),
        gain_chain=_gain(gains.at("chain")),
        history=tuple(
            Generation(
                row.at("generation").count(), row.at("evaluations").count(), row.at("hypervolume").at_least_zero()
            )
            for row in root.at("history").items()
        ),
        timing_s={name: seconds.at_least_zero() for name, seconds in root.at("timing_s").mapping()},
        peak_memory_bytes=root.at("peak_memory_bytes").at_least_zero(),
        verification=Verification(
            checks.at("cut_vs_uncut_max_abs_difference").at_least_zero(),
            checks.at("golden_samples").count(),
            checks.at("bundle_id").text(),
        ),
        measured=_optional(root, "measured", measured_from),
        robustness=_optional(root, "robustness", robustness_from),
        precision=_optional(root, "precision", precision_from),
        predictor=_optional(root, "predictor", predictor_from),
        search=_optional(root, "search", search_from),
        limits=_optional(root, "limits", limits_from),
    )


def _optional(root: Node, name: str, read: Callable[[Node], Part]) -> Part | None:
    """A part that runs of older versions lack, or those that did without it."""
    if name not in root.value or root.at(name).absent:
        return None
    return read(root.at(name))


def _moment(node: Node) -> str:
    try:
        datetime.fromisoformat(node.text())
    except ValueError:
        raise node.wrong("an ISO 8601 time") from None
    return node.text()


def _data(node: Node) -> Data:
    classes = node.at("classes").texts()
    splits = {}
    for name in SPLIT_NAMES:
        split = node.at("splits").at(name)
        counts = split.at("class_counts")
        split_read = Split(name, split.at("n").count(), tuple(item.count() for item in counts.items()))
        if len(split_read.class_counts) != len(classes) or sum(split_read.class_counts) != split_read.n:
            raise counts.wrong(f"{len(classes)} counts, one per class, with the sum {split_read.n}")
        splits[name] = split_read
    if not splits["test"].n:
        raise node.at("splits").at("test").at("n").wrong("at least one test image")
    return Data(node.at("name").text(), classes, splits, node.at("imbalance").optional_text(), node.at("notes").texts())


def _board(node: Node) -> Board:
    return Board(
        node.at("name").text(),
        node.at("device").text(),
        node.at("hardware").text(),
        node.at("operating_points").count(),
        node.at("assumptions").texts(),
    )


def _settings(node: Node) -> Settings:
    return Settings(
        node.at("request_rate_hz").above_zero(),
        node.at("max_accuracy_loss").number(),
        node.at("max_latency_s").optional_above_zero(),
        node.at("seed").count(),
        node.at("energy_objective").text(),
    )


def _full_network(node: Node) -> FullNetwork:
    return FullNetwork(
        node.at("accuracy").fraction(),
        _split_name(node.at("split")),
        node.at("macs").above_zero(),
        node.at("design").text(),
    )


def _split_name(node: Node) -> str:
    if node.text() not in SPLIT_NAMES:
        raise node.wrong(f"one of {', '.join(SPLIT_NAMES)}")
    return node.text()


def _operating_point(node: Node) -> OperatingPoint:
    clocks = [node.at(name).count() for name in ("cpu_hz", "gpu_hz", "emc_hz")]
    try:
        return OperatingPoint(*clocks)
    except UnitError as error:
        raise node.wrong(f"clocks in hertz ({error.what})") from error


def _bar(node: Node) -> Bar:
    return Bar(
        name=node.at("name").text(),
        mode=node.at("mode").text(),
        accuracy=node.at("accuracy").fraction(),
        accuracy_kind=node.at("accuracy_kind").kind(),
        energy_j=node.at("energy_j").above_zero(),
        served_energy_j=node.at("served_energy_j").optional_above_zero(),
        energy_kind=node.at("energy_kind").kind(),
        latency_s=node.at("latency_s").above_zero(),
        split=_split_name(node.at("split")),
        operating_point=_operating_point(node.at("operating_point")),
        design=node.at("design").text(),
        macs=node.at("macs").above_zero(),
    )


def _bars(node: Node) -> dict[str, Bar]:
    read = [_bar(item) for item in node.items()]
    if sorted(bar.name for bar in read) != sorted(BAR_NAMES):
        raise node.wrong(f"one bar for each of {', '.join(BAR_NAMES)}")
    named = {bar.name: bar for bar in read}
    return {name: named[name] for name in BAR_NAMES}


def _outcome(node: Node, *, with_harm: bool) -> Outcome:
    return Outcome(
        node.at("accuracy").fraction(),
        node.at("energy_j").above_zero(),
        node.at("served_energy_j").optional_above_zero(),
        node.at("latency_s").above_zero(),
        node.at("worst_latency_s").above_zero(),
        node.at("harm").fraction() if with_harm else None,
    )


def _exit(node: Node) -> Exit:
    return Exit(
        node.at("stage").count(),
        node.at("label").text(),
        node.at("select_share").fraction(),
        node.at("test_share").fraction(),
        node.at("accuracy_of_leavers").optional_fraction(),
        node.at("macs").above_zero(),
    )


def _mode(node: Node, data: Data) -> ModeResult:
    exits, thresholds, per_class = node.at("exits"), node.at("thresholds_nats"), node.at("per_class")
    mode = ModeResult(
        name=node.at("name").text(),
        default=node.at("default").flag(),
        design=node.at("design").text(),
        description=node.at("description").text(),
        operating_point=_operating_point(node.at("operating_point")),
        thresholds_nats=tuple(item.optional_number() for item in thresholds.items()),
        select=_outcome(node.at("select"), with_harm=False),
        test=_outcome(node.at("test"), with_harm=True),
        exits=tuple(_exit(item) for item in exits.items()),
        per_class=tuple(
            ClassAccuracy(
                row.at("class").text(),
                row.at("n").count(),
                row.at("full").optional_fraction(),
                row.at("policy").optional_fraction(),
            )
            for row in per_class.items()
        ),
    )
    if not mode.exits:
        raise exits.wrong("at least one exit: the end of the network")
    for split in ("select_share", "test_share"):
        if abs(sum(getattr(exit_, split) for exit_ in mode.exits) - 1.0) > 1e-6:
            raise exits.wrong(f"shares that sum to 1 in {split}: an image leaves exactly once")
    if len(mode.thresholds_nats) != len(mode.exits) - 1:
        raise thresholds.wrong(f"{len(mode.exits) - 1} thresholds, one per early exit")
    if strangers := {row.name for row in mode.per_class} - set(data.classes):
        raise per_class.wrong(f"classes of the data set, not {min(strangers)!r}")
    return mode


def _modes(node: Node, data: Data) -> tuple[ModeResult, ...]:
    modes = tuple(_mode(item, data) for item in node.items())
    if sum(mode.default for mode in modes) != 1:
        raise node.wrong("exactly one default mode")
    return modes


def _points(node: Node) -> tuple[Point, ...]:
    return tuple(
        Point(row.at("accuracy").fraction(), row.at("energy_j").above_zero(), row.at("latency_s").above_zero())
        for row in node.items()
    )


def _fronts(node: Node) -> Fronts:
    return Fronts(
        _split_name(node.at("split")),
        node.at("kind").kind(),
        _points(node.at("static")),
        _points(node.at("single")),
        _points(node.at("chain")),
        _points(node.at("searched")),
    )


def _gain(node: Node) -> Gain | None:
    if node.absent:
        return None
    saving = node.at("saving_vs_static")
    if saving.number() >= 1.0:
        raise saving.wrong("a saving below 1: nothing runs for free")
    return Gain(node.at("energy_j").above_zero(), node.at("accuracy").fraction(), saving.number())
