"""A backbone that was evaluated but has no price on the board: recorded as failed, so that the search goes on."""

from __future__ import annotations

from codesign.search.backbone_record import BackboneRecord
from codesign.search.pricing import Pricing

from .far_work import Failed


def priced(found: BackboneRecord | Failed, pricing: Pricing) -> BackboneRecord | Failed:
    """The same where it has a price; else the reason why it has none, such as a predictor's answer that cannot be."""
    if isinstance(found, Failed):
        return found
    reason = pricing.unpriced(found)
    return found if reason is None else Failed(found.genome, reason)
