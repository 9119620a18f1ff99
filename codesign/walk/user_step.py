"""The walk's first half for networks that a user brought: heads instead of a supernet, chains instead of a search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from codesign.backbones.user_model import UserModel
from codesign.data.dataset import Dataset
from codesign.data.load import load_data
from codesign.exits.deep_head import DeepHead
from codesign.exits.trainable_exits import opened_backbone, worth_training
from codesign.exits.user_exits import UserNetwork, exited, user_network
from codesign.search.chain_solver import ChainSolver

from .finetune_step import obtain_finetuned
from .front_step import front_sentence, obtain_front
from .progress import Steps
from .run_folder import RunFolder
from .search_step import Searched, feasible
from .settings import Settings
from .user_models import (
    UserBackbones,
    check_seen_as_trained,
    finalists_of,
    load_user_models,
    obtain_heads,
    seen_by,
    solve_chains,
    too_good_to_calibrate,
)

NO_CALIBRATION = (
    "thresholds and certificate need images that the networks have never seen, and nothing says that these are; give "
    "some with --calibration"
)


def user_models_of(settings: Settings) -> tuple[UserModel, ...]:
    """The networks of a run, cheapest first. Raises ConfigError as `load_user_models` does."""
    return load_user_models([Path(name) for name in settings.models], settings.size, settings.layout)


def load_run_data(settings: Settings, models: Sequence[UserModel]) -> Dataset:
    """The data of a run; where networks were brought, as they want to see it.

    Raises:
        DataError: unusable data, or see `user_data`.
    """
    size = models[0].height if models and settings.data.startswith("images:") else None
    data = load_data(settings.data, settings.seed, size=size, calibration=settings.calibration)
    return user_data(settings, data, models) if models else data


def user_data(settings: Settings, data: Dataset, models: Sequence[UserModel]) -> Dataset:
    """The data as the networks want to see it, once they have shown that they know it.

    Raises:
        DataError: other images or classes than the networks are for, or answers no better than chance.
    """
    seen = seen_by(models, data, settings.mean, settings.std)
    for model in models:
        check_seen_as_trained(model, seen)
    return seen


def search_user_models(
    settings: Settings,
    models: Sequence[UserModel],
    data: Dataset,
    solver: ChainSolver,
    folder: RunFolder,
    steps: Steps,
) -> Searched:
    """Where asked for, a front network; heads for every network, then every chain of them solved exactly.

    Raises:
        ConfigError: a network that is to be fine-tuned and cannot be, which names the node; or one that is too small
            for a front network.
        InfeasibleError: nothing keeps to the latency limit and the request rate.
    """
    suspicion = next((found for found in (too_good_to_calibrate(model, data) for model in models) if found), None)
    if not data.calibration_apart:
        suspicion = suspicion or NO_CALIBRATION
    if settings.finetune:
        for model in models:
            opened_backbone(model)  # refused before the heads are trained, which takes minutes
    brought, fronts = models, _fronts(settings, models, data, folder, steps)
    models = (*fronts, *brought)
    networks, exited_networks, changes = [], [], []
    for network in map(user_network, models):
        ready = _with_heads(network, settings, data, folder, steps)
        networks.append(ready.network)
        exited_networks.append(exited(ready.network, ready.heads))
        changes += [] if ready.changed is None else [ready.changed]
    backbones = UserBackbones(tuple(networks), tuple(exited_networks), data, folder, settings.score)
    with steps.step("search", "Chains"):
        finalists = finalists_of(backbones)
        results = feasible(solve_chains(list(finalists.values()), solver), solver)
    records = [finalist.record for finalist in finalists.values()]
    names = ", ".join(f"{model.name} ({model.macs / 1e6:.1f} M multiply-accumulates)" for model in brought)
    origin = f"Networks as brought, weights untouched: {names}."
    if changes:
        origin = f"Networks as brought: {names}. {'; '.join(changes)}."
    origin = " ".join([origin, *(front_sentence(front, brought[0], data) for front in fronts)])
    return Searched(
        backbones, solver, records, results, finalists, results, [], origin, records[-1], uncertifiable=suspicion
    )


def _fronts(
    settings: Settings, models: Sequence[UserModel], data: Dataset, folder: RunFolder, steps: Steps
) -> tuple[UserModel, ...]:
    """The network to put before the only one that was brought, where that is asked for."""
    if settings.front is None:
        return ()
    augment, seed, epochs = settings.augmentation, settings.seed, settings.front_epochs
    with steps.step("front", f"Front network of {models[0].name}") as tick:
        return (obtain_front(models[0], data, epochs=epochs, augment=augment, seed=seed, folder=folder, tick=tick),)


@dataclass(frozen=True, slots=True)
class _Ready:
    """A network whose heads are trained."""

    network: UserNetwork
    heads: list[DeepHead]
    changed: str | None = None  # what became of the user's weights, in a sentence; None: nothing


def _with_heads(network: UserNetwork, settings: Settings, data: Dataset, folder: RunFolder, steps: Steps) -> _Ready:
    """Heads on the frozen network, then, where that is asked for, both trained on together."""
    if settings.finetune:
        network = worth_training(network)
    augment, seed = settings.augmentation, settings.seed
    with steps.step("heads", f"Heads of {network.brought.name}") as tick:
        epochs = settings.head_epochs
        heads = obtain_heads(network, data, epochs=epochs, augment=augment, seed=seed, folder=folder, tick=tick)
    if not settings.finetune or not heads:
        return _Ready(network, heads)
    with steps.step("finetune", f"Fine-tuning {network.brought.name}") as tick:
        epochs = settings.finetune_epochs
        tuned = obtain_finetuned(
            network, heads, data, epochs=epochs, augment=augment, seed=seed, folder=folder, tick=tick
        )
    return _Ready(tuned.network, tuned.heads, tuned.sentence)
