from __future__ import annotations

import zlib

import pytest

from codesign.collect.share import Share
from runtime.contract.errors import ConfigError

from .batches import payload

HALVES = (Share(0, 2), Share(1, 2))


@pytest.mark.parametrize("device", ["d1", "a" * 64, "0", "x-y_z"])
def test_every_payload_of_a_device_is_for_one_worker(device: str) -> None:
    for count in (2, 3, 7):
        shares = [Share(k, count) for k in range(count)]
        takers = {share for share in shares for first in (0, 500) if share.takes(payload(first, 3, device_id=device))}
        assert takers == {share for share in shares if share.has(device)}
        assert len(takers) == 1


def test_devices_are_spread_over_the_workers() -> None:
    taken = [sum(share.has(f"device-{k}") for k in range(1000)) for share in HALVES]
    assert sum(taken) == 1000
    assert min(taken) > 400


def test_a_payload_that_tells_its_device_late_is_for_the_same_worker() -> None:
    plain = zlib.decompress(payload(0, 3, device_id="d7"))
    late = zlib.compress(
        plain.replace(b'"device_id":"d7",', b"")[:-1] + b',"bulk":"' + b"x" * 600 + b'","device_id":"d7"}'
    )
    assert [share.takes(late) for share in HALVES] == [share.has("d7") for share in HALVES]


@pytest.mark.parametrize("damaged", [b"", b"nothing of the kind", zlib.compress(b"{}")])
def test_what_cannot_be_read_is_for_the_first(damaged: bytes) -> None:
    assert [share.takes(damaged) for share in HALVES] == [True, False]


def test_shares_are_counted_from_one_by_people() -> None:
    assert Share.parse("2/3") == Share(1, 3)
    assert Share.parse("1/1") == Share()


@pytest.mark.parametrize("text", ["0/2", "3/2", "1", "a/b", "1/0", "-1/2"])
def test_a_share_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"no share"):
        Share.parse(text)
