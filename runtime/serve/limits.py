"""How much one client may ask for: sizes, numbers and times. What exceeds them is refused with a stated status."""

from __future__ import annotations

from dataclasses import dataclass

from runtime.contract.errors import ConfigError

LONGEST_DEADLINE_S = 3600.0


@dataclass(frozen=True, slots=True)
class Limits:
    """Raises ConfigError on a value with which nothing could be served."""

    queue_images: int = 64  # waiting, all requests together; more is answered with 429
    request_images: int = 64  # in one request
    body_bytes: int = 16 * 1024 * 1024  # as sent, and again after decompression
    body_s: float = 10.0  # until a request's body has arrived
    deadline_s: float = 5.0  # of requests that name none
    stage_s: float = 10.0  # an inference that takes longer is given up
    connections: int = 256
    drain_s: float = 10.0  # to answer what is here when the server stops

    def __post_init__(self) -> None:
        for name in self.__slots__:
            if not getattr(self, name) > 0:
                raise ConfigError(f"a limit of {name}={getattr(self, name)} lets nothing through", to_do="give more")
        if self.deadline_s > LONGEST_DEADLINE_S:
            raise ConfigError(f"a deadline of {self.deadline_s} s is longer than {LONGEST_DEADLINE_S:.0f} s")
