"""Where to measure is read strictly: nothing that ssh could take for an option gets through."""

from __future__ import annotations

import pytest

from codesign.walk.measure_target import MeasureTarget, measure_target
from runtime.contract.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "target", "login", "scp_login"),
    [
        ("ssh://board", MeasureTarget("board"), "board", "board"),
        ("ssh://me@board.local", MeasureTarget("board.local", "me"), "me@board.local", "me@board.local"),
        ("ssh://me@10.0.0.7:2222", MeasureTarget("10.0.0.7", "me", 2222), "me@10.0.0.7", "me@10.0.0.7"),
        ("ssh://me@[fe80::1]", MeasureTarget("fe80::1", "me"), "me@fe80::1", "me@[fe80::1]"),
        (
            "ssh://board/opt/edge/bin/edge-runtime",
            MeasureTarget("board", program="/opt/edge/bin/edge-runtime"),
            "board",
            "board",
        ),
    ],
)
def test_an_address_is_taken_apart(text: str, target: MeasureTarget, login: str, scp_login: str) -> None:
    assert measure_target(text) == target
    assert (target.login, target.scp_login) == (login, scp_login)


def test_this_machine_is_called_local() -> None:
    assert measure_target("local") == MeasureTarget()
    assert str(MeasureTarget()) == "local"


@pytest.mark.parametrize("text", ["ssh://board", "ssh://me@board:2222", "ssh://me@[fe80::1]:22"])
def test_an_address_is_shown_as_it_was_given(text: str) -> None:
    assert str(measure_target(text)) == text


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("board", "neither 'local' nor an ssh:// address"),
        ("http://board", "neither 'local' nor an ssh:// address"),
        ("ssh://", "is no host name"),
        ("ssh://-oProxyCommand=reboot", "is no host name"),
        ("ssh://me@-oProxyCommand=x", "is no host name"),
        ("ssh://-l@board", "is no user name"),
        ("ssh://%2Doption@board", "is no user name"),
        ("ssh://a b@board", "is no user name"),
        ("ssh://me;reboot@board", "is no user name"),
        ("ssh://me:secret@board", "passwords never"),
        ("ssh://board?x", "only user, host, port"),
        ("ssh://board:0", "port 0 is none"),
        ("ssh://board:99999", "Port out of range"),
        ("ssh://board:ssh", "Port could not be cast"),
        ("ssh://board/bin/edge runtime", "is no path of a program"),
        ("ssh://board/$(reboot)", "is no path of a program"),
        ("ssh://board/", "is no path of a program"),
        ("ssh://[::1", "Invalid IPv6"),
    ],
)
def test_anything_else_is_refused_with_the_forms_there_are(text: str, why: str) -> None:
    with pytest.raises(ConfigError) as caught:
        measure_target(text)
    assert why in caught.value.what
    assert caught.value.where == "--measure"
    assert "ssh://user@host" in str(caught.value.to_do)
