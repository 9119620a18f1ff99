"""The link says what is current; the history says what was."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runtime.contract.errors import StorageError
from runtime.install.root import read_state, switch_link, write_history


def test_nothing_is_installed_in_an_empty_root(tmp_path: Path) -> None:
    state = read_state(tmp_path / "absent")
    assert (state.history, state.current, state.previous) == ((), None, None)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=6), st.data())
def test_a_power_cut_between_link_and_history_loses_nothing(
    tmp_path: Path, history: list[str], data: st.DataObject
) -> None:
    history = [name for i, name in enumerate(history) if i == 0 or name != history[i - 1]]
    write_history(tmp_path, history)
    switch_link(tmp_path, history[-1])
    assert read_state(tmp_path).history == tuple(history)
    if data.draw(st.booleans()):  # an install wrote the history, and the power went
        write_history(tmp_path, [*history, "new"])
        assert read_state(tmp_path).history == tuple(history)
    elif len(history) > 1:  # a rollback switched the link, and the power went
        switch_link(tmp_path, history[-2])
        assert read_state(tmp_path).history == tuple(history[:-1])


def test_a_lost_history_still_knows_what_is_current(tmp_path: Path) -> None:
    switch_link(tmp_path, "a")
    assert read_state(tmp_path).history == ("a",)


@pytest.mark.parametrize("content", ["{", "[]", '{"format_version": 1}', '{"history": 3}'])
def test_a_garbled_history_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "state.json").write_text(content)
    with pytest.raises(StorageError, match=r"history cannot be read(.|\n)*remove .*state\.json"):
        read_state(tmp_path)


def test_a_current_that_is_no_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "current").mkdir()
    with pytest.raises(StorageError, match="is not a symbolic link"):
        read_state(tmp_path)


def test_a_current_that_points_elsewhere_is_refused(tmp_path: Path) -> None:
    (tmp_path / "current").symlink_to("/etc")
    with pytest.raises(StorageError, match="points to /etc, not into bundles/"):
        read_state(tmp_path)
