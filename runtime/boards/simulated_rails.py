"""Which rail carries what a board draws: the parts of the model, dealt out as the board's profile says."""

from __future__ import annotations

from collections.abc import Mapping

from .board_profile import Rails


def rails_of(parts_w: Mapping[str, float], rails: Rails) -> dict[str, float]:
    """Watts of every named rail; the total rails sum to the sum of the parts."""
    return {rail: sum(share * parts_w[part] for part, share in rails.feeds[rail].items()) for rail in rails.names}
