"""A request that is not answered with a result: the HTTP status and a sentence for the client."""

from __future__ import annotations

from runtime.contract.errors import EdgeCodesignError

CLIENT_GONE = 499  # nginx's number for it; never sent, only counted


class Refused(EdgeCodesignError):  # noqa: N818 (it is)
    """`status` is an HTTP status; 4xx is the client's to mend, 429, 503 and 504 are limits that this server states."""

    def __init__(self, status: int, what: str, *, to_do: str | None = None, retry_after_s: int | None = None) -> None:
        super().__init__(what, to_do=to_do)
        self.status, self.retry_after_s = status, retry_after_s

    @property
    def line(self) -> str:
        """What, and what to do, in one line: for the `error` of a response."""
        return self.what if self.to_do is None else f"{self.what}; {self.to_do}"


def bad_request(what: str, to_do: str | None = None) -> Refused:
    """The client sent something that no retry will make right."""
    return Refused(400, what, to_do=to_do)
