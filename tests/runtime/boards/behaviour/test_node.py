"""Nodes."""

from __future__ import annotations

import errno

from runtime.boards.behaviour.node import File, Folder, Link, fixed, line, refusal


def test_a_refusal_is_the_kernels_own_kind_of_error() -> None:
    assert isinstance(refusal(errno.EACCES), PermissionError)
    assert refusal(errno.EINVAL).errno == errno.EINVAL


def test_a_fixed_file_says_what_it_was_given_without_a_line_end() -> None:
    file = fixed("gpu\0", mode=0o400)
    assert file.read is not None
    assert (file.read(), file.mode, file.write) == ("gpu\0", 0o400, None)


def test_a_line_is_asked_again_at_every_read() -> None:
    values = iter((1, 2))
    file = line(lambda: next(values))
    assert file.read is not None
    assert (file.read(), file.read()) == ("1\n", "2\n")


def test_nodes_are_there_and_wait_for_nothing_unless_said_otherwise() -> None:
    assert File(None).present()
    assert File(None).wait_s() == 0.0
    assert Folder().present()
    assert Link("/").present()
