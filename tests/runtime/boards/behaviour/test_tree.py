"""The model as a tree of files, and what a test may do to it."""

from __future__ import annotations

import errno
import threading
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.boards.behaviour import AT_ONCE, BehaviouralTree, Quirks, RealTime, behavioural_board
from runtime.boards.behaviour.node import File
from runtime.boards.behaviour.tree import content
from runtime.contract.work import NO_WORK

from .orin_paths import CPU, EMC, EMC_CAP, GPU, ORIN, POLICY, RAILGATE, WORK


@pytest.fixture
def tree() -> BehaviouralTree:
    return behavioural_board(ORIN)


def test_an_error_names_the_path_as_it_was_given(tree: BehaviouralTree) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        tree.read("/sys/class/devfreq/../nothing")
    assert caught.value.filename == "/sys/class/devfreq/../nothing"


@pytest.mark.parametrize("path", [f"{GPU}/max_freq", f"{POLICY}/scaling_min_freq", RAILGATE, f"{EMC}/rate"])
def test_an_ordinary_user_may_write_no_clock(tree: BehaviouralTree, path: str) -> None:
    tree.uid = 1000
    with pytest.raises(PermissionError) as caught:
        tree.write(path, "1")
    assert caught.value.errno == errno.EACCES
    assert tree.writes == []


def test_an_ordinary_user_reads_clocks_and_sensors(tree: BehaviouralTree) -> None:
    tree.uid = 1000
    for path in (f"{GPU}/cur_freq", f"{POLICY}/scaling_max_freq", "/sys/class/hwmon/hwmon1/name"):
        assert tree.read(path)


def test_a_value_that_cannot_be_written_is_refused_to_root_as_well(tree: BehaviouralTree) -> None:
    with pytest.raises(PermissionError):
        tree.write(f"{GPU}/cur_freq", "306000000")


def test_modes_are_those_of_the_files(tree: BehaviouralTree) -> None:
    assert tree.mode_of(f"{GPU}/max_freq") == 0o644
    assert tree.mode_of(f"{EMC}/rate") == 0o600
    assert tree.mode_of("/nowhere") is None
    tree.uid = 1000
    assert tree.mode_of(f"{EMC}/rate") is None


def test_writes_are_kept_in_order(tree: BehaviouralTree) -> None:
    tree.write(RAILGATE, "0")
    with pytest.raises(OSError, match="Invalid argument"):
        tree.write(f"{GPU}/max_freq", "fast")
    tree.write(f"{GPU}/max_freq", "306000000")
    assert tree.writes == [(RAILGATE, "0"), (f"{GPU}/max_freq", "306000000")]


def test_the_joules_are_those_of_the_watts(tree: BehaviouralTree) -> None:
    idle_w = tree.drawn_w()["VDD_IN"]
    tree.time.sleep(10.0)
    assert tree.true_energy_j() == tree.true_energy_j("VDD_IN") == pytest.approx(10.0 * idle_w)
    with tree.running(WORK):
        tree.time.sleep(1.0)
        busy_w = tree.drawn_w()["VDD_IN"]
        before_j = tree.true_energy_j()
        tree.time.sleep(2.0)
        assert tree.true_energy_j() - before_j == pytest.approx(2.0 * busy_w)
    assert busy_w > idle_w
    assert tree.true_energy_j("NO_RAIL") == 0.0


def test_loads_nest(tree: BehaviouralTree) -> None:
    with tree.running(WORK):
        with tree.running(WORK):
            pass
        assert tree.machine.truth.work is WORK
    assert tree.machine.truth.work is None


def test_no_work_is_no_load(tree: BehaviouralTree) -> None:
    with tree.running(NO_WORK):
        tree.time.sleep(1.0)
        assert tree.truth().gpu_hz == 0


def test_the_history_has_every_clock_that_a_workload_saw(tree: BehaviouralTree) -> None:
    tree.write(RAILGATE, "0")
    for hz in (408_000_000, 714_000_000):
        tree.write(f"{GPU}/max_freq", str(hz))
        tree.write(f"{GPU}/min_freq", str(hz))
        tree.time.sleep(0.1)
    seen = [point.gpu_hz for _, point in tree.history()]
    assert seen == [0, 408_000_000, 714_000_000] or seen == [0, 306_000_000, 408_000_000, 714_000_000]
    assert [at_s for at_s, _ in tree.history()] == sorted(at_s for at_s, _ in tree.history())


def test_a_chip_may_lose_its_driver_and_get_it_back(tree: BehaviouralTree) -> None:
    tree.unbind("1-0040")
    assert tree.names("/sys/bus/i2c/drivers/ina3221") == ()
    tree.unbind("9-0040", bound=True)
    assert tree.names("/sys/bus/i2c/drivers/ina3221") == ()
    tree.unbind("1-0040", bound=True)
    assert tree.names("/sys/bus/i2c/drivers/ina3221") == ("1-0040",)


def test_a_slow_write_holds_up_nobody_else() -> None:
    time = StandingTime()
    tree = behavioural_board(ORIN, time=time)
    writer = threading.Thread(target=tree.write, args=(f"{POLICY}/scaling_min_freq", "1728000"))
    writer.start()
    assert time.waiting.wait(5.0)
    assert tree.read(f"{POLICY}/scaling_min_freq") == b"1728000\n"
    time.go.set()
    writer.join(5.0)
    assert not writer.is_alive()


class StandingTime:
    """Time that stands still; who waits goes on when told to."""

    def __init__(self) -> None:
        self.waiting, self.go = threading.Event(), threading.Event()

    def now_s(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        del seconds
        self.waiting.set()
        self.go.wait(5.0)


def test_threads_that_write_at_once_leave_a_sound_board() -> None:
    tree = behavioural_board(ORIN, time=RealTime(0.0), quirks=Quirks(switching=AT_ONCE))
    tree.write(RAILGATE, "0")

    def churn(values: tuple[str, ...]) -> None:
        for hz in values * 20:
            tree.write(f"{GPU}/max_freq", hz)
            tree.write(f"{GPU}/min_freq", hz)

    threads = [threading.Thread(target=churn, args=(values,)) for values in (("306000000",), ("612000000", "0"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert tree.allowed() == ()
    assert len(tree.writes) == 1 + 40 + 80


CPU5 = f"{CPU}/cpu5/online"
KNOBS = [
    f"{GPU}/min_freq",
    f"{GPU}/max_freq",
    f"{GPU}/governor",
    RAILGATE,
    f"{POLICY}/scaling_min_freq",
    f"{POLICY}/scaling_max_freq",
    f"{POLICY}/scaling_governor",
    f"{POLICY}/scaling_setspeed",
    f"{EMC}/mrq_rate_locked",
    f"{EMC}/rate",
    EMC_CAP,
    CPU5,
]
VALUES = ["0", "1", "-1", "306000000", "640000000", "999999", "1497600", "userspace", "performance", "schedutil", "x"]
writes = st.tuples(st.sampled_from(KNOBS), st.sampled_from(VALUES))
events = st.sampled_from(["15W", "25W", "pin", "boot", "hot", "cool", "overcurrent", "wait", "work"])


@settings(max_examples=60, deadline=None)
@given(steps=st.lists(writes | events, max_size=25), strict=st.booleans())
def test_whatever_is_written_and_whatever_befalls_the_board_every_clock_is_a_table_entry(
    steps: list[tuple[str, str] | str], strict: bool
) -> None:
    tree = behavioural_board(ORIN, quirks=Quirks(strict_limits=strict))
    befall = {
        "15W": lambda: tree.nvpmodel("15W"),
        "25W": lambda: tree.nvpmodel("25W"),
        "pin": tree.jetson_clocks,
        "boot": tree.boot,
        "hot": lambda: tree.hold_temperature(110.0),
        "cool": lambda: tree.hold_temperature(30.0),
        "overcurrent": tree.overcurrent,
        "wait": lambda: tree.time.sleep(3.3),
        "work": lambda: work_a_little(tree),
    }
    for step in steps:
        if isinstance(step, str):
            befall[step]()
        else:
            with suppress(OSError):
                tree.write(*step)
        assert tree.allowed() == ()
    stamps_s = [at_s for at_s, _ in tree.history()]
    assert stamps_s == sorted(stamps_s)


def work_a_little(tree: BehaviouralTree) -> None:
    with tree.running(WORK):
        tree.time.sleep(0.01)


def test_a_chip_that_goes_while_a_reader_waits_for_it_is_gone_for_that_reader() -> None:
    time = StandingTime()
    tree = behavioural_board(ORIN, time=time)
    folder = "/sys/bus/i2c/drivers/ina3221/1-0040/hwmon"
    path = f"{folder}/{tree.names(folder)[0]}/curr1_input"
    tree.read(path)  # the next reader of this conversion waits
    outcome: list[object] = []

    def read() -> None:
        try:
            outcome.append(tree.read(path))
        except OSError as error:
            outcome.append(error.errno)

    reader = threading.Thread(target=read)
    reader.start()
    assert time.waiting.wait(5.0)
    tree.unbind("1-0040")
    time.go.set()
    reader.join(5.0)
    assert outcome == [errno.ENOENT]


def test_a_file_that_only_takes_gives_nothing_back() -> None:
    with pytest.raises(OSError, match="Input/output error"):
        content(File(None, mode=0o600))
