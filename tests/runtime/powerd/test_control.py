"""What powerd does with requests: examples first, then any sequence of messages at all."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from runtime.contract.operating_point import OperatingPoint
from runtime.powerd.allow_list import Allowed
from runtime.powerd.control import RETRY_S, Control
from runtime.powerd.keeper import ClockKeeper
from runtime.powerd.protocol import NO_POINT, Request
from runtime.powerd.state_file import StateFile
from tests.runtime.powerd.clock_doubles import FAST, MIDDLE, OTHER, SLOW, MemoryClocks, unwritable

BUNDLE = Allowed((SLOW, MIDDLE), "bundle abc")


class List:
    """An allow-list that the test changes."""

    def __init__(self, allowed: Allowed = BUNDLE) -> None:
        self.allowed = allowed

    def now(self) -> Allowed:
        return self.allowed


class Desk:
    """A control over clocks in memory, with a clock of its own; the pid of connection n is 100 n."""

    def __init__(self, folder: Path) -> None:
        self.clocks, self.list, self.now_s = MemoryClocks(), List(), 1000.0
        self.said: list[str] = []
        self.state = StateFile(folder / "state.json", "this boot")
        self.keeper = ClockKeeper(self.clocks, self.state)
        self.control = Control(self.keeper, self.list, FAST, report=self.said.append)

    def ask(self, connection: int, op: str, ttl_s: float = 10.0, point: OperatingPoint = NO_POINT) -> dict[str, Any]:
        return self.control.handle(connection, connection * 100, Request(op, ttl_s, point), lambda: self.now_s)

    def code(self, *request: Any, **more: Any) -> str:
        return str(self.ask(*request, **more)["error"]["code"])


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_holder_sets_what_is_allowed_and_hears_what_became_of_it(desk: Desk) -> None:
    assert desk.ask(1, "acquire") == {"ok": True, "ttl_s": 10.0}
    reply = desk.ask(1, "set", point=SLOW)
    assert reply == {"ok": True, "requested": SLOW.to_json(), "applied": SLOW.to_json(), "took_s": 0.001}
    assert desk.clocks.at == SLOW


@pytest.mark.parametrize("op", ["set", "renew", "restore", "release"])
def test_without_the_lease_nothing_is_done(desk: Desk, op: str) -> None:
    desk.ask(1, "acquire")
    assert desk.code(2, op, point=SLOW) == "no_lease"
    assert desk.clocks.was_at == []
    assert desk.control.holds_lease(1)


def test_a_second_client_is_told_who_holds_the_clocks(desk: Desk) -> None:
    desk.ask(1, "acquire")
    error = desk.ask(2, "acquire")["error"]
    assert (error["code"], error["holder_pid"]) == ("held", 100)
    assert "process 100 holds the clocks" in error["what"]


def test_a_point_outside_the_allow_list_is_not_set_though_the_device_offers_it(desk: Desk) -> None:
    desk.ask(1, "acquire")
    error = desk.ask(1, "set", point=OTHER)["error"]
    assert error["code"] == "not_allowed"
    assert "is not an operating point of bundle abc" in error["what"]
    assert desk.clocks.was_at == []


def test_the_point_found_at_the_start_is_allowed(desk: Desk) -> None:
    desk.ask(1, "acquire")
    assert desk.ask(1, "set", point=FAST)["ok"]


def test_clocks_come_back_when_the_lease_runs_out(desk: Desk) -> None:
    desk.ask(1, "acquire", ttl_s=10)
    desk.ask(1, "set", point=SLOW)
    assert desk.control.next_s() == desk.now_s + 10
    desk.now_s += 9.9
    desk.control.tick(desk.now_s)
    assert desk.clocks.at == SLOW
    desk.now_s += 0.1
    desk.control.tick(desk.now_s)
    assert desk.clocks.at == FAST
    assert desk.control.next_s() is None
    assert desk.code(1, "set", point=SLOW) == "no_lease"
    assert "has not renewed its lease for 10.0 s" in desk.said[-1]


def test_a_renewed_lease_goes_on(desk: Desk) -> None:
    desk.ask(1, "acquire", ttl_s=10)
    desk.ask(1, "set", point=SLOW)
    for _ in range(3):
        desk.now_s += 9
        assert desk.ask(1, "renew") == {"ok": True, "ttl_s": 10.0, "yielded": False}
    assert desk.clocks.at == SLOW


def test_the_time_that_setting_took_is_not_the_holders(desk: Desk) -> None:
    desk.ask(1, "acquire", ttl_s=10)
    times = iter([desk.now_s, desk.now_s + 30])
    desk.control.handle(1, 100, Request("set", point=SLOW), lambda: next(times))
    assert desk.control.next_s() == desk.now_s + 40


def test_clocks_come_back_when_the_holder_goes_and_not_when_another_does(desk: Desk) -> None:
    desk.ask(1, "acquire")
    desk.ask(1, "set", point=SLOW)
    desk.control.gone(2)
    assert desk.clocks.at == SLOW
    desk.control.gone(1)
    assert desk.clocks.at == FAST


def test_clocks_come_back_on_release_on_restore_and_on_stop(desk: Desk) -> None:
    desk.ask(1, "acquire")
    desk.ask(1, "set", point=SLOW)
    assert desk.ask(1, "restore") == {"ok": True}
    assert (desk.clocks.at, desk.control.holds_lease(1)) == (FAST, True)
    desk.ask(1, "set", point=SLOW)
    assert desk.ask(1, "release") == {"ok": True, "restored": True}
    assert (desk.clocks.at, desk.control.holds_lease(1)) == (FAST, False)
    desk.ask(2, "acquire")
    desk.ask(2, "set", point=MIDDLE)
    assert desk.control.stop()
    assert desk.clocks.at == FAST
    assert desk.control.stop()


def test_powerd_yields_to_another_program_and_writes_nothing_until_a_new_acquire(desk: Desk) -> None:
    desk.ask(1, "acquire")
    desk.ask(1, "set", point=SLOW)
    desk.clocks.take(OTHER)
    error = desk.ask(1, "set", point=MIDDLE)["error"]
    assert (error["code"], error["what"]) == ("taken", "another program set the GPU")
    assert desk.ask(1, "renew")["yielded"]
    assert desk.ask(1, "status")["lease"]["yielded"]
    assert desk.code(1, "set", point=SLOW) == desk.code(1, "restore") == "taken"
    assert desk.clocks.at == OTHER
    desk.ask(1, "acquire")
    assert desk.ask(1, "set", point=SLOW)["ok"]
    desk.ask(1, "release")
    assert desk.clocks.at == OTHER  # as found by this lease


def test_a_point_that_the_device_refuses_is_told_with_what_it_holds(desk: Desk) -> None:
    desk.ask(1, "acquire")
    desk.ask(1, "set", point=SLOW)
    desk.clocks.points = (SLOW, FAST)
    error = desk.ask(1, "set", point=MIDDLE)["error"]
    assert (error["code"], error["holds"], error["why"]) == ("refused", SLOW.to_json(), "")
    assert desk.clocks.at == SLOW


@pytest.mark.parametrize(
    ("failure", "what"), [(unwritable(), "gpu/max cannot be written: busy"), (OSError(5, "gone"), "gone")]
)
def test_a_device_that_fails_is_told_and_survived(desk: Desk, failure: BaseException, what: str) -> None:
    desk.ask(1, "acquire")
    desk.clocks.set_fails = failure
    error = desk.ask(1, "set", point=SLOW)["error"]
    assert error["code"] == "failed"
    assert what in error["what"]
    assert what in desk.said[-1]
    desk.clocks.set_fails = None
    assert desk.ask(1, "set", point=SLOW)["ok"]


def test_clocks_that_could_not_be_restored_are_tried_again(desk: Desk) -> None:
    desk.ask(1, "acquire")
    desk.ask(1, "set", point=SLOW)
    desk.clocks.restore_fails = unwritable()
    assert desk.code(1, "restore") == "failed"
    assert desk.ask(1, "release") == {"ok": True, "restored": False}
    assert any("busy" in text for text in desk.ask(2, "status")["problems"])
    assert not desk.control.stop()
    desk.control.tick(desk.now_s)
    assert desk.control.next_s() == desk.now_s + RETRY_S
    desk.clocks.restore_fails = None
    desk.now_s += RETRY_S
    desk.control.tick(desk.now_s)
    assert desk.clocks.at == FAST
    assert desk.said[-1] == "the clocks are restored, at last"
    assert desk.control.next_s() is None


def test_status_tells_everyone_who_holds_what(desk: Desk) -> None:
    assert desk.ask(2, "status") == {
        "ok": True,
        "current": FAST.to_json(),
        "held": None,
        "allowed": [[p.cpu_hz, p.gpu_hz, p.emc_hz] for p in (SLOW, MIDDLE, FAST)],
        "source": "bundle abc",
        "lease": None,
        "problems": [],
    }
    desk.ask(1, "acquire")
    desk.ask(1, "set", point=SLOW)
    desk.now_s += 1
    status = desk.ask(2, "status")
    assert (status["current"], status["held"]) == (SLOW.to_json(), SLOW.to_json())
    assert status["lease"] == {"pid": 100, "yours": False, "left_s": 9.0, "yielded": False}
    assert desk.ask(1, "status")["lease"]["yours"]


def test_clocks_that_cannot_be_read_are_none_with_the_reason(desk: Desk) -> None:
    desk.clocks.read_fails = OSError(5, "asleep")
    status = desk.ask(1, "status")
    assert status["current"] is None
    assert "asleep" in status["problems"][0]


def test_another_bundle_changes_what_is_allowed_at_once(desk: Desk) -> None:
    desk.ask(1, "acquire")
    desk.list.allowed = Allowed((OTHER,), "bundle def")
    assert desk.code(1, "set", point=SLOW) == "not_allowed"
    assert desk.ask(1, "set", point=OTHER)["ok"]


def test_a_bundle_that_cannot_be_read_leaves_the_point_found_and_says_so(desk: Desk) -> None:
    desk.list.allowed = Allowed((), "/var/lib", "policy.json was changed")
    status = desk.ask(1, "status")
    assert status["allowed"] == [[FAST.cpu_hz, FAST.gpu_hz, FAST.emc_hz]]
    assert status["problems"] == ["policy.json was changed"]
    assert "nothing but the clocks found is allowed: policy.json was changed" in desk.said


def test_a_new_lease_looks_again_at_what_the_device_offers(desk: Desk) -> None:
    desk.clocks.points = (MIDDLE, FAST)
    desk.ask(1, "acquire")
    assert desk.code(1, "set", point=SLOW) == "not_allowed"
    desk.clocks.points = (SLOW, MIDDLE, FAST)  # nvpmodel has lifted a limit
    desk.ask(1, "acquire")
    assert desk.ask(1, "set", point=SLOW)["ok"]


def test_without_clocks_status_works_and_leases_are_refused() -> None:
    control = Control(None, List(), None, no_clocks="needs root")
    handled = control.handle(1, 100, Request("acquire", 1.0), lambda: 0.0)
    assert handled["error"]["code"] == "no_clocks"
    assert "no clock can be set here: needs root" in handled["error"]["what"]
    status = control.handle(1, 100, Request("status"), lambda: 0.0)
    assert (status["current"], status["allowed"], status["problems"]) == (None, [], ["needs root"])
    assert control.handle(1, 100, Request("set", point=SLOW), lambda: 0.0)["error"]["code"] == "no_clocks"
    control.tick(0.0)
    assert control.stop()


CONNECTIONS = st.integers(1, 3)
ANY_POINT = st.sampled_from([SLOW, MIDDLE, OTHER, FAST, NO_POINT])


class AnySequence(RuleBasedStateMachine):
    """Whatever is asked, by whoever, whenever; with another program at the clocks, failures, and powerd killed."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.desk = Desk(Path(self.folder.name))
        self.allowed = {SLOW, MIDDLE, FAST}
        self.foreign = False
        self.holder: int | None = None  # as the replies say

    def teardown(self) -> None:
        self.desk.clocks.restore_fails = None
        assert self.desk.control.stop()
        if not self.foreign:
            assert self.desk.clocks.at == FAST
        self.folder.cleanup()

    @rule(connection=CONNECTIONS, ttl_s=st.floats(0.1, 60))
    def acquires(self, connection: int, ttl_s: float) -> None:
        if self.desk.ask(connection, "acquire", ttl_s=ttl_s)["ok"]:
            assert self.holder in {None, connection} or not self.desk.control.holds_lease(self.holder or 0)
            self.holder = connection

    @rule(connection=CONNECTIONS, op=st.sampled_from(["renew", "restore", "release", "status"]))
    def asks(self, connection: int, op: str) -> None:
        self.desk.ask(connection, op)

    @rule(connection=CONNECTIONS, point=ANY_POINT)
    def sets(self, connection: int, point: OperatingPoint) -> None:
        if self.desk.ask(connection, "set", point=point)["ok"]:
            assert self.desk.control.holds_lease(connection)
            assert self.desk.clocks.at == point

    @rule(connection=CONNECTIONS)
    def goes(self, connection: int) -> None:
        self.desk.control.gone(connection)

    @rule(passes_s=st.floats(0, 90))
    def time_passes(self, passes_s: float) -> None:
        self.desk.now_s += passes_s
        self.desk.control.tick(self.desk.now_s)

    @rule(point=st.sampled_from([SLOW, OTHER]))
    def another_program_sets(self, point: OperatingPoint) -> None:
        self.desk.clocks.take(point)
        self.foreign = True

    @rule(fails=st.booleans())
    def restoring_fails_or_works_again(self, fails: bool) -> None:
        self.desk.clocks.restore_fails = unwritable() if fails else None

    @precondition(lambda self: self.desk.clocks.restore_fails is None)
    @rule()
    def powerd_is_killed_and_starts_again(self) -> None:
        desk = self.desk
        desk.keeper = ClockKeeper(desk.clocks, desk.state)
        desk.keeper.recover()
        desk.control = Control(desk.keeper, desk.list, FAST, report=desk.said.append)
        self.holder = None

    @invariant()
    def nothing_was_ever_held_that_is_not_allowed(self) -> None:
        assert set(self.desk.clocks.was_at) <= self.allowed

    @invariant()
    def at_most_one_connection_holds_the_lease(self) -> None:
        assert sum(self.desk.control.holds_lease(connection) for connection in (1, 2, 3)) <= 1

    @invariant()
    def without_a_holder_the_clocks_are_as_found(self) -> None:
        held = any(self.desk.control.holds_lease(connection) for connection in (1, 2, 3))
        if not held and self.desk.keeper.owed is None and not self.foreign:
            assert self.desk.clocks.at == FAST
            assert not self.desk.state.path.exists()


AnySequence.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestAnySequence = AnySequence.TestCase
