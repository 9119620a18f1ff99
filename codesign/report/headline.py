"""What the run amounts to, in plain sentences that stay honest when nothing is saved."""

from __future__ import annotations

from dataclasses import dataclass

from .findings import Bar, Results
from .quantities import (
    SAME,
    accuracy_digits,
    change_text,
    energy_text,
    interval,
    magnitude_text,
    percent_text,
    points_text,
    rate_text,
    share_text,
)


@dataclass(frozen=True, slots=True)
class Headline:
    """The first screen. `change` is signed, as shown: a saving is negative."""

    change: str
    verdict: str  # better, same, worse: of energy
    lead: str  # the part of the sentence that carries the figure
    rest: str
    accuracy: str
    accuracy_interval: str
    accuracy_change: str
    served: str
    served_change: str
    served_verdict: str
    bound: str


def headline(results: Results) -> Headline:
    """The default mode's measured and simulated figures against the static network at its best clocks."""
    chosen, static = results.bars["exits_best_clocks"], results.bars["static_best_clocks"]
    images = results.data.splits[chosen.split].n
    digits = accuracy_digits(images)
    change = chosen.energy_j / static.energy_j - 1.0
    low, high = interval(chosen.accuracy, images)
    served_change = _served_change(chosen, static)
    return Headline(
        change=change_text(change),
        verdict=_verdict(change),
        lead=_lead(change),
        rest=_against(chosen, static, images, digits),
        accuracy=percent_text(chosen.accuracy, digits),
        accuracy_interval=f"{low * 100:.{digits}f} to {percent_text(high, digits)}",
        accuracy_change=points_text(chosen.accuracy - results.full_network.accuracy, digits),
        served=_served(chosen, static, results.settings.request_rate_hz),
        served_change="–" if served_change is None else change_text(served_change),
        served_verdict="unknown" if served_change is None else _verdict(served_change),
        bound=_bound(results.oracle, chosen, static),
    )


def _verdict(change: float) -> str:
    return "same" if abs(change) < SAME else "better" if change < 0 else "worse"


def _lead(change: float) -> str:
    verdict = _verdict(change)
    if verdict == "same":
        return "The same energy per image"
    return f"{magnitude_text(change)} {'less' if verdict == 'better' else 'more'} energy per image"


def _against(chosen: Bar, static: Bar, images: int, digits: int) -> str:
    """What it is compared with: `of the same accuracy` only where the two differ by one image at most."""
    word = "as" if _verdict(chosen.energy_j / static.energy_j - 1.0) == "same" else "than"
    difference = chosen.accuracy - static.accuracy
    if abs(difference) <= 1.0 / images + 1e-12:
        return f"{word} the static network of the same accuracy at its best clocks"
    side = "higher" if difference > 0 else "lower"
    size = points_text(abs(difference), digits).lstrip("+")
    return f"{word} the static network at its best clocks, with accuracy {size} {side}"


def _served_change(chosen: Bar, static: Bar) -> float | None:
    if chosen.served_energy_j is None or static.served_energy_j is None:
        return None
    return chosen.served_energy_j / static.served_energy_j - 1.0


def _served(chosen: Bar, static: Bar, rate_hz: float) -> str:
    """The same comparison with the board's waiting between requests on the bill."""
    rate = rate_text(rate_hz)
    if chosen.served_energy_j is None or chosen.waiting_j is None:
        return f"It cannot serve {rate}: at its clocks an image takes longer than there is time for one."
    waiting = share_text(chosen.waiting_j / chosen.served_energy_j)
    change = _served_change(chosen, static)
    if change is None:
        return (
            f"Served at {rate} it takes {energy_text(chosen.served_energy_j)} per request, {waiting} of it waiting; "
            "the static network at its best clocks cannot serve that rate."
        )
    verdict = _verdict(change)
    amount = "as much" if verdict == "same" else magnitude_text(change)
    word = "energy" if verdict == "same" else "less energy" if verdict == "better" else "more energy"
    return f"Served at {rate}, a request takes {amount} {word}: {waiting} of it is spent waiting for the next."


def _bound(oracle: Bar, chosen: Bar, static: Bar) -> str:
    """How much of what an oracle would save the real policy saves; silent where the oracle saves nothing."""
    possible, got = static.energy_j - oracle.energy_j, static.energy_j - chosen.energy_j
    if possible <= SAME * static.energy_j:
        return "Here even the oracle saves nothing against the static network: there is nothing for a policy to find."
    if got <= 0:
        return (
            f"The oracle would use {magnitude_text(possible / static.energy_j)} less; the real policy finds none of it."
        )
    return (
        f"The oracle would use {magnitude_text(possible / static.energy_j)} less energy than the static network; "
        f"the real policy uses {magnitude_text(got / static.energy_j)} less."
    )
