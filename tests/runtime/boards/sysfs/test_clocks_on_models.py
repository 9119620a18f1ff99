"""SysfsClocks on models of boards that behave as their kernels do: late, strict, rounding, gated, and in company."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.boards.behaviour.board import behavioural_board
from runtime.boards.behaviour.faults import ProcessKilled
from runtime.boards.behaviour.layouts import LAYOUTS
from runtime.boards.behaviour.quirks import Debugfs, Quirks
from runtime.boards.behaviour.tree import BehaviouralTree
from runtime.boards.clocks import ClockRefused, ClockSnapshot, ClocksTaken
from runtime.boards.profile import known_boards, profile
from runtime.boards.simulated_time import SimulatedTime
from runtime.boards.sysfs.clocks import SysfsClocks
from runtime.contract.operating_point import OperatingPoint
from runtime.contract.work import Work

ORIN = "orin-nano-super"
BOARDS = tuple(sorted(set(LAYOUTS) & set(known_boards())))
WORK = Work(macs=300_000_000.0, traffic_bytes=30_000_000.0, kernels=100)
SETTLE_S = 0.1  # longer than any switch takes


@dataclass(frozen=True)
class OnModel:
    tree: BehaviouralTree
    time: SimulatedTime
    clocks: SysfsClocks

    def fresh(self) -> SysfsClocks:
        """What a process that starts now would have."""
        return SysfsClocks(self.tree, profile(self.board), now_s=self.time.now_s, sleep=self.time.sleep)

    board: str = ORIN


def on_model(board: str = ORIN, quirks: Quirks | None = None) -> OnModel:
    time = SimulatedTime()
    tree = behavioural_board(board, time=time, quirks=quirks)
    return OnModel(tree, time, SysfsClocks(tree, profile(board), now_s=time.now_s, sleep=time.sleep), board)


def heat(model: OnModel) -> None:
    """Let the board slow itself by some steps."""
    model.tree.hold_temperature(105.0)
    model.time.sleep(5.0)


def cool(model: OnModel) -> None:
    """Let it be as fast as it may again."""
    model.tree.hold_temperature(30.0)
    model.time.sleep(60.0)


def few(points: tuple[OperatingPoint, ...]) -> tuple[OperatingPoint, ...]:
    return points[0], points[-1], points[len(points) // 2], points[len(points) // 3]


@pytest.fixture(params=BOARDS)
def model(request: pytest.FixtureRequest) -> OnModel:
    return on_model(request.param)


def test_every_clock_of_every_board_can_be_set(model: OnModel) -> None:
    assert model.clocks.settable() == {"cpu": None, "gpu": None, "emc": None}
    assert model.clocks.current() in model.clocks.choices()


def test_what_was_set_is_what_a_workload_runs_at(model: OnModel) -> None:
    for point in few(model.clocks.choices()):
        applied = model.clocks.set(point)
        assert applied.applied == point
        with model.tree.running(WORK):  # which wakes a GPU that has no switch to be kept awake by, as on Thor
            model.time.sleep(SETTLE_S)
            assert model.tree.truth() == point
    assert model.tree.allowed() == ()


def test_everything_comes_back(model: OnModel) -> None:
    found = model.clocks.snapshot()
    for point in few(model.clocks.choices()):
        model.clocks.set(point)
    model.clocks.restore(found)
    assert model.clocks.snapshot() == found
    assert model.tree.allowed() == ()


def test_no_choice_exceeds_the_caps_of_the_power_mode(model: OnModel) -> None:
    board = profile(model.board)
    for mode in board.modes:
        model.tree.nvpmodel(mode.name)
        fastest = model.clocks.choices()[-1]
        for hz, cap in ((fastest.gpu_hz, mode.gpu_max_hz), (fastest.emc_hz, mode.emc_max_hz)):
            assert cap is None or hz <= cap


def test_a_new_power_mode_under_us_is_noticed_and_left_alone() -> None:
    model = on_model()
    found = model.clocks.snapshot()
    model.clocks.set(model.clocks.choices()[-1])
    model.tree.nvpmodel("15W")
    with pytest.raises(ClocksTaken, match="max_freq holds 612000000, not 1020000000"):
        model.clocks.set(model.clocks.choices()[0])
    model.clocks.restore(found)
    assert model.tree.read("/sys/class/devfreq/17000000.gpu/max_freq") == b"612000000\n"
    assert model.clocks.choices()[-1].gpu_hz == 612_000_000


def test_clocks_pinned_by_jetson_clocks_under_us_are_noticed() -> None:
    model = on_model()
    model.clocks.set(model.clocks.choices()[0])
    model.tree.jetson_clocks()
    model.tree.nvpmodel("MAXN_SUPER")
    assert model.clocks.foreign_changes() != ()


def test_a_board_that_throttles_takes_its_clocks_back() -> None:
    model = on_model()
    found, fastest = model.clocks.snapshot(), model.clocks.choices()[-1]
    model.clocks.set(fastest)
    heat(model)
    with pytest.raises(ClocksTaken, match=r"is slowed to state"):
        model.clocks.set(fastest)
    cool(model)
    model.clocks.restore(found)
    assert model.clocks.snapshot() == found


@pytest.mark.parametrize("board", [ORIN, "tx2"])
@pytest.mark.parametrize("fresh", [True, False])
def test_what_is_restored_while_the_board_throttles_is_right_when_it_has_cooled_down(board: str, fresh: bool) -> None:
    model = on_model(board)
    found, choices = model.clocks.snapshot(), model.clocks.choices()
    for point in few(choices):
        model.clocks.set(point)
        heat(model)
        (model.fresh() if fresh else model.clocks).restore(found)
        cool(model)
        model.clocks.restore(found)
        assert model.clocks.snapshot() == found


def test_a_board_that_throttles_is_not_taken_hold_of_since_its_own_limits_cannot_be_seen() -> None:
    model = on_model()
    before, point = model.clocks.snapshot(), model.clocks.choices()[0]
    heat(model)
    blind = model.clocks.snapshot()
    assert not any("max_freq" in path for path, _ in blind.values)
    for _ in range(2):
        with pytest.raises(ClockRefused, match="the board throttles"):
            model.clocks.set(point)
        cool(model)  # too late for the snapshot that was taken
    model.clocks.restore(blind)
    assert model.clocks.snapshot() == before
    assert model.clocks.set(point).applied == point


def test_a_hold_within_a_hold_returns_to_the_outer_one_though_the_board_throttles() -> None:
    model = on_model()
    found, choices = model.clocks.snapshot(), model.clocks.choices()
    model.clocks.set(choices[-1])
    outer = model.clocks.snapshot()
    model.clocks.set(choices[0])
    heat(model)
    model.clocks.restore(outer)
    assert set(model.clocks.snapshot().values) <= set(outer.values)  # nothing that only throttling shows
    cool(model)
    assert model.clocks.current() == choices[-1]
    assert model.clocks.foreign_changes() == ()
    model.clocks.restore(found)
    assert model.clocks.snapshot() == found


def test_clocks_that_jetson_clocks_had_pinned_are_pinned_again_afterwards() -> None:
    model = on_model()
    model.tree.jetson_clocks()
    found = model.clocks.snapshot()
    model.clocks.set(model.clocks.choices()[0])
    model.clocks.restore(found)
    assert model.clocks.snapshot() == found


def test_an_unprivileged_user_is_refused_and_told_who_may() -> None:
    model = on_model()
    model.tree.uid = 1000
    held = model.clocks.current()
    assert all("needs root" in (why or "") for why in model.clocks.settable().values())
    before = model.clocks.snapshot()
    assert model.clocks.choices() == (model.clocks.current(),)
    with pytest.raises(ClockRefused, match=r"gpu: permission denied: needs root; run `edge-runtime powerd` as root"):
        model.clocks.set(OperatingPoint(held.cpu_hz, 306_000_000, held.emc_hz))
    assert model.clocks.snapshot() == before
    assert model.tree.writes == []


@pytest.mark.parametrize("debugfs", [Debugfs.UNMOUNTED, Debugfs.ABSENT])
def test_without_debugfs_cpu_and_gpu_are_set_all_the_same(debugfs: Debugfs) -> None:
    model = on_model(quirks=Quirks(debugfs=debugfs))
    assert "mount -t debugfs" in (model.clocks.settable()["emc"] or "")
    point = model.clocks.choices()[0]
    assert point.emc_hz == 0
    assert model.clocks.set(point).applied == point


def test_a_gpu_that_was_never_powered_is_said_to_be_so_and_found_after_its_first_work() -> None:
    model = on_model(quirks=Quirks(gpu_missing_until_powered=True))
    assert "has had no power since boot" in (model.clocks.settable()["gpu"] or "")
    assert {point.gpu_hz for point in model.clocks.choices()} == {0}
    with model.tree.running(WORK):
        assert model.clocks.settable()["gpu"] is None
        assert model.clocks.choices()[-1].gpu_hz == profile(ORIN).gpu.hz[-1]


def test_an_offline_cluster_comes_and_goes() -> None:
    model = on_model()
    slow, fast = model.clocks.choices()[0], model.clocks.choices()[-1]
    model.clocks.set(slow)
    for cpu in (4, 5):
        model.tree.write(f"/sys/devices/system/cpu/cpu{cpu}/online", "0")
    assert model.clocks.set(fast).applied == fast
    for cpu in (4, 5):
        model.tree.write(f"/sys/devices/system/cpu/cpu{cpu}/online", "1")
    assert model.clocks.set(slow).applied == slow


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("snapped", [True, False])
def test_old_and_new_kernels_take_the_same_order_of_writes(strict: bool, snapped: bool) -> None:
    model = on_model(quirks=Quirks(strict_limits=strict, snapped_limits=snapped))
    found = model.clocks.snapshot()
    gpus = [model.clocks.choices()[i] for i in (0, -1)]
    for start in gpus:
        for to in model.clocks.choices()[:: len(model.clocks.choices()) // 7]:
            model.clocks.set(start)
            assert model.clocks.set(to).applied == to
    model.clocks.restore(found)
    assert model.clocks.snapshot() == found


def test_setting_takes_as_long_as_the_drivers_do() -> None:
    model = on_model()
    model.clocks.set(model.clocks.choices()[0])
    applied = model.clocks.set(model.clocks.choices()[-1])
    assert 0.015 < applied.took_s < 0.06  # CPU 1.4 ms per cluster, GPU 5 ms, EMC 9 ms and a dozen messages of 0.7 ms


def test_changing_one_clock_alone_sends_few_messages_to_the_memory_firmware() -> None:
    model = on_model()
    slow = model.clocks.choices()[0]
    model.clocks.set(slow)
    faster = OperatingPoint(slow.cpu_hz, profile(ORIN).gpu.hz[3], slow.emc_hz)
    assert model.clocks.set(faster).took_s < 0.012


@settings(max_examples=60, deadline=None)
@given(
    board=st.sampled_from(BOARDS),
    picks=st.lists(st.integers(0, 10_000), min_size=1, max_size=3),
    writes=st.integers(1, 24),
    before=st.booleans(),
    strict=st.booleans(),
)
def test_a_fresh_process_brings_every_file_back_after_a_crash_at_any_write(
    board: str, picks: list[int], writes: int, before: bool, strict: bool
) -> None:
    model = on_model(board, Quirks(strict_limits=strict))
    choices = model.clocks.choices()
    found = ClockSnapshot.from_json(model.clocks.snapshot().to_json())
    model.tree.faults.crash_after(writes, before=before)
    try:
        for pick in picks:
            model.clocks.set(choices[pick % len(choices)])
    except ProcessKilled:
        pass
    model.tree.faults.new_process()
    after = model.fresh()
    after.restore(found)
    assert after.snapshot() == found
    assert model.tree.allowed() == ()
