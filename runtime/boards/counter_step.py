"""The steps in which an energy counter moves: what is drawn between two of its refreshes."""

from __future__ import annotations

SETTLED_REFRESHES = 10.0  # over fewer, what a counter gained says more of its steps than of the power


class CounterStep:
    """Watches a counter and says how far it jumps with each refresh, at the power drawn lately.

    Args:
        refresh_s: the counter moves once in this time.
        unit_j: it counts in multiples of this, which is the least of its steps.
    """

    def __init__(self, refresh_s: float, unit_j: float) -> None:
        self._refresh_s, self._unit_j = refresh_s, unit_j
        self._power_w = 0.0
        self._since: tuple[float, float] | None = None  # when, joules

    def after(self, at_s: float, energy_j: float) -> float:
        """Joules of one step, with what the counter shows now."""
        if self._since is None:
            self._since = (at_s, energy_j)
        since_s, gained_j = at_s - self._since[0], energy_j - self._since[1]
        if since_s >= SETTLED_REFRESHES * self._refresh_s:
            self._power_w, self._since = gained_j / since_s, (at_s, energy_j)
            since_s, gained_j = 0.0, 0.0
        # Since then all that was gained may have come in one step, or the power may have risen.
        lately_j = gained_j * min(self._refresh_s / since_s, 1.0) if since_s > 0.0 else gained_j
        return max(self._power_w * self._refresh_s, lately_j, self._unit_j)
