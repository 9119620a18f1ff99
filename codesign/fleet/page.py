"""The fleet page: one file that needs no other, in the report's style."""

from __future__ import annotations

import math
from datetime import datetime, timezone
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined

from codesign.report import quantities

from .charts import MOST_ROWS, days_picture, exit_picture, ratio_picture
from .drift_chart import drift_picture
from .view import Fleet


def rendered(fleet: Fleet) -> str:
    """The page as text."""
    environment = Environment(
        loader=PackageLoader("codesign.fleet", package_path="."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    look = resources.files("codesign.report")
    return environment.get_template("fleet.html.j2").render(
        fleet=fleet,
        when=quantities.date_text(datetime.fromtimestamp(fleet.at_us / 1e6, tz=timezone.utc).isoformat()),
        ratios=ratio_picture(fleet.devices),
        exits=exit_picture(fleet.exits),
        days=days_picture(fleet.answers["days"]),
        drift=drift_picture(fleet.drift),
        most_rows=MOST_ROWS,
        show=quantities,
        ago=ago,
        style=(look / "style.css").read_text(encoding="utf-8"),
        script=(look / "tooltip.js").read_text(encoding="utf-8"),
    )


def ago(hours: float) -> str:
    """How long since, as a person says it; a future that a wrong clock tells of is now."""
    if math.isinf(hours):
        return "clock not set"
    if hours < 1.0:
        return f"{max(hours, 0.0) * 60:.0f} min ago"
    return f"{hours:.0f} h ago" if hours < 72.0 else f"{hours / 24:.0f} days ago"
