"""Installs under a running server."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from codesign.bundle.sign import sign
from runtime.contract.errors import BundleError
from runtime.engine.provider import Provider
from runtime.install.activate import install
from runtime.install.root import read_state
from runtime.serve import hot_swap
from runtime.serve.hot_swap import HotSwap, SwapRules
from runtime.serve.limits import Limits
from runtime.serve.served_bundle import ServedBundle, load
from runtime.serve.serving import Serving
from tests.keys import trust, write_key
from tests.ort_double import OrtDouble, use
from tests.tiny_cascade import random_images, write_tiny_bundle

from .serving_doubles import Settled, request
from .test_job_queue import Clock


class Followed:
    """A server that follows an install root; the test drives time and looks."""

    def __init__(self, root: Path, first: Path) -> None:
        self.root, self.reports, self.clock = root, [], Clock()  # type: ignore[var-annotated]
        install(first, root)
        self.serving = Serving(load(root, Limits()))
        self.swap = HotSwap(root, self.serving, SwapRules(trial_s=60.0), report=self.reports.append, now_s=self.clock)

    def look(self, until: str) -> None:
        """Look until something is reported."""
        for _ in range(1000):
            self.swap.look()
            if any(until in report for report in self.reports):
                return
            threading.Event().wait(0.01)
        raise AssertionError(self.reports)


@pytest.fixture
def followed(tmp_path: Path, bundles: tuple[Path, Path]) -> Iterator[Followed]:
    made = Followed(tmp_path / "root", bundles[0])
    yield made
    made.serving.drain(5.0)


def test_a_bundle_that_becomes_current_takes_over_and_passes(followed: Followed, bundles: tuple[Path, Path]) -> None:
    before = followed.serving.bundle.bundle_id
    install(bundles[1], followed.root)
    followed.look("has taken over")
    assert followed.serving.bundle.bundle_id == read_state(followed.root).current != before
    followed.clock.at_s = 61.0
    followed.look("has passed its trial")
    assert (followed.swap.swaps, followed.swap.rollbacks) == (1, 0)


def test_no_request_is_lost_while_bundles_change(followed: Followed, bundles: tuple[Path, Path]) -> None:
    settled, stop, sent = Settled(), threading.Event(), []

    def ask() -> None:
        while not stop.is_set():
            bundle = followed.serving.bundle
            try:
                followed.serving.submit(request(random_images(1)), bundle, settled)
            except hot_swap.EdgeCodesignError:
                stop.wait(0.001)
                continue
            sent.append(bundle.bundle_id)

    client = threading.Thread(target=ask)
    client.start()
    install(bundles[1], followed.root)
    followed.look("has taken over")
    while len(set(sent)) < 2:
        threading.Event().wait(0.001)
    stop.set()
    client.join()
    jobs = settled.wait(len(sent))
    assert all(job.answers is not None for job in jobs)
    assert {job.bundle.bundle_id for job in jobs} == set(sent)


def test_a_bundle_that_fails_requests_is_rolled_back(followed: Followed, bundles: tuple[Path, Path]) -> None:
    before = followed.serving.bundle.bundle_id
    install(bundles[1], followed.root)
    followed.look("has taken over")
    followed.serving.recorder.refused(500)
    followed.look("rolled back")
    assert followed.serving.bundle.bundle_id == before == read_state(followed.root).current
    assert any("failed its trial: 1 requests failed" in report for report in followed.reports)


def test_a_bundle_whose_golden_samples_differ_never_serves(
    followed: Followed, bundles: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = followed.serving.bundle.bundle_id

    def differs(*_: object, **__: object) -> ServedBundle:
        raise BundleError("logits on the golden samples differ")

    install(bundles[1], followed.root)
    monkeypatch.setattr(hot_swap, "load", differs)
    followed.look("rolled back")
    assert followed.serving.bundle.bundle_id == before == read_state(followed.root).current
    assert followed.swap.swaps == 0
    assert any("is not served: logits on the golden samples differ" in report for report in followed.reports)


def test_of_two_bundles_that_fail_in_a_row_neither_stays_current(
    followed: Followed, bundles: tuple[Path, Path], tmp_path: Path
) -> None:
    before = followed.serving.bundle.bundle_id
    install(bundles[1], followed.root)
    followed.look("has taken over")
    write_tiny_bundle(tmp_path / "third", seed=2)
    third = install(tmp_path / "third", followed.root).manifest.bundle_id  # while the second is on trial
    damaged = followed.root / "bundles" / third / "golden.npz"
    damaged.write_bytes(damaged.read_bytes()[:-1])
    followed.serving.recorder.refused(500)
    followed.look(f"rolled back: {before[:12]} is current again")
    for _ in range(20):
        followed.swap.look()
    assert read_state(followed.root).current == before == followed.serving.bundle.bundle_id
    assert followed.swap.rollbacks == 2


def test_where_a_bundle_cuts_a_trial_short_memory_is_given_back_too(
    followed: Followed, bundles: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_back: list[bool] = []
    monkeypatch.setattr(hot_swap, "give_back", lambda: given_back.append(True))
    install(bundles[1], followed.root)
    followed.look("has taken over")
    followed.swap.look()
    assert given_back == []  # the bundle before may have to come back
    write_tiny_bundle(tmp_path / "third", seed=2)
    install(tmp_path / "third", followed.root)
    followed.reports.clear()
    followed.look("has taken over")
    followed.swap.look()
    assert given_back == [True]


def test_a_bundle_that_failed_is_not_tried_again(followed: Followed, bundles: tuple[Path, Path]) -> None:
    install(bundles[1], followed.root)
    followed.look("has taken over")
    followed.serving.recorder.refused(500)
    followed.look("rolled back")
    install(bundles[1], followed.root)
    for _ in range(20):
        followed.swap.look()
    assert followed.swap.swaps == 1
    assert sum("failed here before" in report for report in followed.reports) == 1


def test_where_the_root_cannot_be_written_the_bundle_before_serves_all_the_same(
    followed: Followed, bundles: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = followed.serving.bundle.bundle_id

    def refused(_: Path) -> None:
        raise hot_swap.EdgeCodesignError("cannot roll back: Permission denied")

    monkeypatch.setattr(hot_swap, "roll_back", refused)
    install(bundles[1], followed.root)
    followed.look("has taken over")
    followed.serving.recorder.refused(500)
    followed.look("a restart would serve it")
    assert followed.serving.bundle.bundle_id == before


def test_a_load_that_has_begun_is_waited_for_and_takes_over_no_more(
    followed: Followed, bundles: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on = threading.Event()

    def slow(*_: object, **__: object) -> ServedBundle:
        goes_on.wait(5.0)
        return load(bundles[1], Limits())

    assert followed.swap.stop(0.0)  # nothing is being loaded
    monkeypatch.setattr(hot_swap, "load", slow)
    install(bundles[1], followed.root)
    followed.look("is loaded beside")
    assert not followed.swap.stop(0.01)
    goes_on.set()
    assert followed.swap.stop(5.0)
    assert followed.swap.swaps == 0


def test_an_unreadable_root_is_told_once(followed: Followed) -> None:
    (followed.root / "state.json").write_text("{")
    for _ in range(3):
        followed.swap.look()
    assert len(followed.reports) == 1
    assert "the install root cannot be read" in followed.reports[0]


def test_a_bundle_folder_that_is_no_install_root_is_served_as_it_is(bundles: tuple[Path, Path]) -> None:
    serving, reports = Serving(load(bundles[0], Limits())), []
    swap = HotSwap(bundles[0], serving, SwapRules(), report=reports.append)
    swap.look()
    serving.drain(5.0)
    assert reports == []


def test_a_bundle_that_is_not_signed_as_the_root_demands_never_serves(
    followed: Followed, bundles: tuple[Path, Path], tmp_path: Path
) -> None:
    key = write_key(tmp_path / "ours.key")
    sign(followed.root / "current", key)
    before = followed.serving.bundle.bundle_id
    install(bundles[1], followed.root)
    trust(followed.root, key)
    followed.look("rolled back")
    assert followed.serving.bundle.bundle_id == before == read_state(followed.root).current
    assert any("is not served: the bundle is not signed" in report for report in followed.reports)


def test_a_bundle_that_takes_over_runs_on_what_was_asked_for(
    followed: Followed, bundles: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, OrtDouble())
    rules = SwapRules(provider=Provider("cuda"))
    followed.swap = HotSwap(followed.root, followed.serving, rules, report=followed.reports.append)
    install(bundles[1], followed.root)
    followed.look("has taken over")
    assert followed.serving.bundle.providers == ("cuda",)
