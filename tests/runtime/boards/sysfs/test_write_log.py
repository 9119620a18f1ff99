"""What is ours, what became someone else's, and what is taken back."""

from __future__ import annotations

import pytest

from runtime.boards.sysfs.write_log import Change, WriteLog

from .board_trees import MemoryTree


def log_with(**files: str) -> tuple[WriteLog, MemoryTree]:
    tree = MemoryTree({f"/{name}": text for name, text in files.items()})
    return WriteLog(tree), tree


def test_what_was_found_is_what_was_there_before_the_first_write() -> None:
    log, _ = log_with(a="1")
    log.write("/a", "2")
    log.write("/a", "3")
    assert log.found("/a") == "1"


def test_a_file_that_was_never_written_is_found_as_it_is_now() -> None:
    log, tree = log_with(a="1")
    tree.files["/a"] = "9"
    assert log.found("/a") == "9"
    assert log.found("/missing") is None
    assert log.wrote("/a") is None


def test_a_write_only_file_is_found_as_the_caller_says() -> None:
    log, tree = log_with(a="1")
    tree.unreadable["/a"] = 13
    log.write("/a", "2", before="7")
    assert log.found("/a") == "7"


def test_a_write_only_file_of_which_nothing_is_known_is_not_ours_to_bring_back() -> None:
    log, tree = log_with(a="1")
    tree.unreadable["/a"] = 13
    log.write("/a", "2")
    assert not log.ours("/a")
    assert log.undone() == ()


def test_what_a_driver_made_of_a_value_counts_as_written() -> None:
    log, tree = log_with(a="1")
    tree.rule = lambda *_: "600"
    log.write("/a", "640")
    assert log.changed() == (Change("/a", "640", "600"),)
    log.confirm(["/a", "/never written"])
    assert log.changed() == ()
    assert log.wrote("/a") == "600"


def test_a_file_that_someone_else_wrote_is_a_change_and_no_longer_ours() -> None:
    log, tree = log_with(a="1")
    log.write("/a", "2")
    assert log.ours("/a")
    tree.files["/a"] = "3"
    assert [str(change) for change in log.changed()] == ["/a holds 3, not 2"]
    assert not log.ours("/a")


def test_a_file_that_vanished_is_not_a_change_and_is_no_longer_watched() -> None:
    log, tree = log_with(a="1")
    log.write("/a", "2")
    text = tree.files.pop("/a")
    assert log.changed() == ()
    tree.files["/a"] = "5" + text
    assert log.changed() == ()
    assert log.ours("/a")  # still to be brought back: this process did write it


def test_undoing_goes_backwards_to_the_beginning_of_the_request() -> None:
    log, _ = log_with(a="1", b="x")
    log.write("/a", "2")
    log.begin()
    log.write("/b", "y")
    log.write("/a", "3")
    log.write("/a", "4")
    assert log.undone() == (("/a", "2"), ("/b", "x"))


def test_a_write_is_noted_though_it_failed() -> None:
    log, tree = log_with(a="1")
    tree.unwritable.add("/a")
    with pytest.raises(PermissionError):
        log.write("/a", "2")
    assert log.undone() == (("/a", "1"),)


def test_a_file_that_has_its_first_value_back_is_not_ours_any_more() -> None:
    log, tree = log_with(a="1", b="1", c="1")
    for path in ("/a", "/b", "/c"):
        log.write(path, "2")
    tree.files |= {"/a": "1", "/b": "1", "/c": "5"}
    log.returned({"/a": "1", "/b": "1", "/c": "5"}, failed=["/b"])
    assert [log.ours(path) for path in ("/a", "/b", "/c")] == [False, True, True]
    assert log.changed() == ()
    log.forget(["/b", "/c"])
    assert [log.ours(path) for path in ("/b", "/c")] == [False, False]
