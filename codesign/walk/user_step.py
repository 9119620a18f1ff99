"""The walk's first half for networks that a user brought: heads instead of a supernet, chains instead of a search."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from codesign.backbones.user_model import UserModel
from codesign.data.dataset import Dataset
from codesign.data.load import load_data
from codesign.exits.user_exits import exited, user_network
from codesign.search.chain_solver import ChainSolver

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
    """Heads for every network, then every chain of them solved exactly.

    Raises:
        InfeasibleError: nothing keeps to the latency limit and the request rate.
    """
    suspicion = next((found for found in (too_good_to_calibrate(model, data) for model in models) if found), None)
    if not data.calibration_apart:
        suspicion = suspicion or NO_CALIBRATION
    networks = tuple(user_network(model) for model in models)
    exited_networks = []
    for network in networks:
        with steps.step("heads", f"Heads of {network.brought.name}") as tick:
            heads = obtain_heads(
                network,
                data,
                epochs=settings.head_epochs,
                augment=settings.augmentation,
                seed=settings.seed,
                folder=folder,
                tick=tick,
            )
        exited_networks.append(exited(network, heads))
    backbones = UserBackbones(networks, tuple(exited_networks), data, folder)
    with steps.step("search", "Chains"):
        finalists = finalists_of(backbones)
        results = feasible(solve_chains(list(finalists.values()), solver))
    records = [finalist.record for finalist in finalists.values()]
    names = ", ".join(f"{model.name} ({model.macs / 1e6:.1f} M multiply-accumulates)" for model in models)
    origin = f"Networks as brought, weights untouched: {names}."
    return Searched(
        backbones, solver, records, results, finalists, results, [], origin, records[-1], uncertifiable=suspicion
    )
