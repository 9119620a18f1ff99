"""The simulated board: shapes, plausible sizes, what clocks can save, and agreement with what was measured."""

from __future__ import annotations

import csv
import time
from pathlib import Path

import numpy as np
import pytest

from runtime.boards.profile import known_boards, profile
from runtime.boards.simulated import SimulatedBoard
from runtime.contract.arrays import FloatArray
from runtime.contract.cost import CostModel, StageWork, block_costs, served_energy_j, stage_costs
from runtime.contract.errors import BoardError
from runtime.contract.kind import Kind
from runtime.contract.operating_point import OperatingPoint
from runtime.contract.work import NO_WORK, Work
from tests.bench.bench_board_fit import fit_orin, fit_tx2, read_grids, stored
from tests.bench.known_networks import inception_v3, mobilenet_v2

PLAUSIBLE = {
    "MobileNetV2 at 224": mobilenet_v2(),
    "MobileNetV2 at 128": mobilenet_v2(128),
    "InceptionV3 at 299": inception_v3(299),
    "20 kernels, 1 MMAC": [Work(5e4, 1.5e4, 1)] * 20,
    "40 kernels, 5 MMAC": [Work(1.25e5, 2.5e4, 1)] * 40,
    "60 kernels, 40 MMAC": [Work(6.7e5, 6.7e4, 1)] * 60,
}


def orin_gpu() -> SimulatedBoard:
    return SimulatedBoard(profile("orin-nano-super"), device="gpu")


def network_costs(
    board: SimulatedBoard, works: list[Work], points: tuple[OperatingPoint, ...]
) -> tuple[FloatArray, FloatArray]:
    """Latency and back-to-back energy of a whole network, (points,) each."""
    latency_s, energy_j = block_costs(board, works, points)
    return latency_s.sum(axis=0), energy_j.sum(axis=0)


def test_it_is_a_cost_model_that_says_what_it_speaks_of() -> None:
    board: CostModel = orin_gpu()
    assert board.kind is Kind.SIMULATED
    assert board.hardware == "orin-nano-super gpu, VDD_IN, simulated"


def test_an_absent_device_is_refused() -> None:
    with pytest.raises(BoardError, match="has no device 'dla'"):
        SimulatedBoard(profile("tx2"), "dla")


def test_shapes_are_works_by_points(board: SimulatedBoard) -> None:
    points = board.clocks.choices()
    works = [Work(1e6, 1e5, 2), NO_WORK, Work(1e8, 1e7, 20)]
    assert board.latency_s(works, points).shape == board.busy_w(works, points).shape == (3, len(points))
    assert board.idle_w(points).shape == board.stage_overhead_s(points).shape == (len(points),)
    assert stage_costs(board, [StageWork(tuple(works))], points).energy_j.shape == (1, len(points))


def test_the_grid_gives_what_single_points_give(board: SimulatedBoard) -> None:
    points = board.clocks.choices()[::37]
    work = [Work(3e7, 4e6, 12)]
    for name in ("latency_s", "busy_w"):
        together = getattr(board, name)(work, points)[0]
        assert together == pytest.approx([getattr(board, name)(work, [point])[0, 0] for point in points])


def test_no_work_takes_no_time_and_no_points_give_no_columns(board: SimulatedBoard) -> None:
    assert np.all(board.latency_s([NO_WORK], board.clocks.choices()) == 0.0)
    assert np.all(np.isfinite(board.busy_w([NO_WORK], board.clocks.choices())))
    assert board.latency_s([Work(1e6, 1e6, 1)], []).shape == (1, 0)
    assert board.busy_w([], board.clocks.choices()).shape == (0, len(board.clocks.choices()))


def test_working_draws_more_than_idling_and_a_stage_costs_something(board: SimulatedBoard) -> None:
    points = board.clocks.choices()
    works = [work for network in PLAUSIBLE.values() for work in network[:8]]
    assert np.all(board.busy_w(works, points) > board.idle_w(points))
    assert np.all(board.stage_overhead_w(points) > board.idle_w(points))
    assert np.all(board.stage_overhead_s(points) > 0.0)


def test_the_fastest_clocks_give_the_lowest_latency_and_the_highest_idle(board: SimulatedBoard) -> None:
    points = board.clocks.choices()
    for network in PLAUSIBLE.values():
        latency_s, _ = network_costs(board, network, points)
        assert latency_s.argmin() == len(points) - 1
        assert latency_s.argmax() == 0
    assert board.idle_w(points).argmax() == len(points) - 1


@pytest.mark.parametrize("name", known_boards())
@pytest.mark.parametrize("network", PLAUSIBLE)
def test_clocks_alone_save_what_was_measured_and_never_more(name: str, network: str) -> None:
    board = SimulatedBoard(profile(name), "gpu")
    points = board.profile.points("gpu")
    _, energy_j = network_costs(board, PLAUSIBLE[network], points)
    saving_on_max = 1.0 - energy_j.min() / energy_j[points.index(board.profile.max_point("gpu"))]
    saving_on_default = 1.0 - energy_j.min() / energy_j[points.index(board.profile.default_point("gpu"))]
    # Public measurements on four boards: clocks alone save 7 to 22 % of board energy against maximum clocks.
    assert 0.07 <= saving_on_max <= 0.22
    assert saving_on_default <= saving_on_max + 1e-12


@pytest.mark.parametrize("name", known_boards())
def test_small_networks_are_bound_by_launches(name: str) -> None:
    board = SimulatedBoard(profile(name), "gpu")
    latency_s, energy_j = network_costs(board, PLAUSIBLE["20 kernels, 1 MMAC"], (board.profile.max_point("gpu"),))
    big_s, big_j = network_costs(board, PLAUSIBLE["InceptionV3 at 299"], (board.profile.max_point("gpu"),))
    assert 5e-6 < latency_s[0] / 20 < 25e-6
    assert energy_j[0] / latency_s[0] < big_j[0] / big_s[0]


def test_sixty_works_at_every_tx2_point_take_milliseconds() -> None:
    board = SimulatedBoard(profile("tx2"), "gpu")
    points = board.profile.points("gpu")
    works = [Work(1e6 * index, 1e5, 3) for index in range(60)]
    taken_s = []
    for _ in range(7):
        start = time.perf_counter()
        board.latency_s(works, points)
        taken_s.append(time.perf_counter() - start)
    assert min(taken_s) < 0.05  # 2 ms on an idle core; the margin is for a busy machine


def test_sensors_read_idle_until_something_runs(board: SimulatedBoard) -> None:
    work = Work(3e8, 7e7, 64)
    point = board.clocks.current()
    idle = board.power_sensor.read()
    cool_c = board.thermometer.read_c()
    with board.running(work):
        busy = board.power_sensor.read()
        warm_c = board.thermometer.read_c()
    after = board.power_sensor.read()
    assert idle is not None
    assert busy is not None
    assert after is not None
    assert idle.power_w == pytest.approx(board.idle_w([point])[0], abs=0.2)
    assert busy.power_w == pytest.approx(board.busy_w([work], [point])[0, 0], abs=0.2)
    assert after.power_w == pytest.approx(idle.power_w, abs=0.3)
    assert cool_c is not None
    assert warm_c is not None
    assert cool_c < warm_c


def test_the_board_idles_again_after_a_crash() -> None:
    board = orin_gpu()
    with pytest.raises(RuntimeError, match="died"), board.running(Work(3e8, 7e7, 64)):
        raise RuntimeError("died")
    idle = board.power_sensor.read()
    assert idle is not None
    assert idle.power_w == pytest.approx(board.idle_w([board.clocks.current()])[0], abs=0.2)


def test_sensors_follow_the_clocks(board: SimulatedBoard) -> None:
    fast = board.power_sensor.read()
    board.clocks.set(board.clocks.choices()[0])
    slow = board.power_sensor.read()
    assert fast is not None
    assert slow is not None
    assert slow.power_w < fast.power_w


def test_assumptions_tell_fitted_from_assumed() -> None:
    sentences = orin_gpu().assumptions()
    assert len(set(sentences)) == len(sentences)
    assert any(s.startswith("macs_per_core_cycle") and "(fitted: " in s for s in sentences)
    assert any(s.startswith("gpu_voltage_swing") and "(assumed: " in s for s in sentences)
    assert sentences[0] == profile("orin-nano-super").limits[0]


def test_nothing_about_the_tx2_board_power_claims_to_be_fitted() -> None:
    sentences = SimulatedBoard(profile("tx2"), "gpu").assumptions()
    assert not [s for s in sentences if "(fitted: " in s and s.split(" = ")[0].endswith("_w")]


# --- against public measurements ---


def test_orin_latency_is_within_three_percent_of_measurements(shared_data: Path) -> None:
    grids = read_grids(shared_data / "dvfs" / "orin_nano_super_latency.csv", "latency_p50_s")
    fit = fit_orin(grids, stored("orin-nano-super"), board_is_free=False)
    assert set(fit.errors) == {"mobilenet", "vit", "proxy", "cproxyv2"}
    for workload, errors in fit.errors.items():
        assert np.abs(errors).mean() < 0.03, workload
    assert np.abs(fit.errors["mobilenet"]).max() < 0.06  # nothing about this workload is free


def test_tx2_latency_is_within_six_percent_of_measurements_on_average(shared_data: Path) -> None:
    grids = read_grids(shared_data / "dvfs" / "tx2_latency.csv", "latency_s", cores="4")
    fit = fit_tx2(grids, stored("tx2"), board_is_free=False)
    means = {workload: float(np.abs(errors).mean()) for workload, errors in fit.errors.items()}
    assert len(means) == 8
    assert np.mean(list(means.values())) < 0.06
    assert max(means.values()) < 0.10


def test_orin_idle_power_is_what_was_read() -> None:
    pinned = OperatingPoint(1_728_000_000, 1_020_000_000, 2_133_000_000)
    assert orin_gpu().idle_w([pinned])[0] == pytest.approx(5.52, rel=0.03)


def test_serving_mobilenet_draws_what_was_measured(shared_data: Path) -> None:
    board = orin_gpu()
    with (shared_data / "dvfs" / "orin_nano_super_power.csv").open() as lines:
        rows = [row for row in csv.DictReader(lines) if row["workload"] == "mobilenet"]
    assert len(rows) == 4
    for row in rows:
        point = (OperatingPoint(1_728_000_000, int(row["gpu_hz"]), int(row["emc_hz"])),)
        rate = float(row["requests_per_s"])
        latency_s, energy_j = network_costs(board, mobilenet_v2(), point)
        served_j = served_energy_j(energy_j, latency_s, board.idle_w(point), rate)
        assert served_j[0] * rate == pytest.approx(float(row["vdd_in_w"]), rel=0.05)
        # 204 MHz is outside the grid that latency was fitted on.
        assert latency_s[0] == pytest.approx(float(row["latency_p50_s"]), rel=0.06)
