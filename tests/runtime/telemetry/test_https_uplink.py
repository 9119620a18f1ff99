from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.contract.telemetry_batch import INFERENCE, decode
from runtime.contract.telemetry_bundle import unbundled
from runtime.telemetry.https_uplink import HttpsUplink
from runtime.telemetry.spool import Spool, Spooled
from runtime.telemetry.uplink import UplinkFailed

from .receiver import Receiver, receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as server:
        yield server


@pytest.fixture
def waiting(tmp_path: Path) -> list[Spooled]:
    with Spool(tmp_path / "spool", "d1", "b1") as spool:
        for k in range(2):
            spool.append(INFERENCE, {"at_us": [k]}, 0)
        return spool.waiting(1 << 20)


def test_payloads_are_posted_together_with_the_token(receiver: Receiver, waiting: list[Spooled]) -> None:
    uplink = HttpsUplink(f"{receiver.url}/in", token="secret")  # noqa: S106 (a test's)
    assert uplink.send(waiting) == [item.id for item in waiting]
    uplink.close()
    assert [decode(payload).first_seq for payload in unbundled(receiver.bodies[0])] == [0, 1]
    assert receiver.asked[0]["authorization"] == "Bearer secret"
    assert uplink.name == f"{receiver.url}/in"


@pytest.mark.parametrize("status", [301, 403, 429, 500, 503])
def test_any_other_answer_acknowledges_nothing(receiver: Receiver, waiting: list[Spooled], status: int) -> None:
    receiver.status = status
    uplink = HttpsUplink(f"{receiver.url}/in")
    with pytest.raises(UplinkFailed, match=f"answered {status}"):
        uplink.send(waiting)
    receiver.status = 200
    assert uplink.send(waiting)
    uplink.close()
