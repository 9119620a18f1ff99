"""Small drawing primitives: SVG elements as strings, every text escaped."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

CHARACTER_WIDTH = 0.6  # of the font size: wider than most system fonts, so labels that fit here fit everywhere


def _n(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _tip(tip: str) -> str:
    return f"<title>{escape(tip)}</title>" if tip else ""


def rect(
    x: float, y: float, width: float, height: float, css: str, *, radius: float = 0.0, tip: str = "", fill: str = ""
) -> str:
    """A rectangle; `fill` is for pattern references only, colours belong to the style sheet."""
    style = f' fill="{escape(fill)}"' if fill else ""
    return (
        f'<rect class="{css}" x="{_n(x)}" y="{_n(y)}" width="{_n(max(width, 0))}" height="{_n(max(height, 0))}"'
        f' rx="{_n(radius)}"{style}>{_tip(tip)}</rect>'
    )


def line(x1: float, y1: float, x2: float, y2: float, css: str) -> str:
    """A straight line."""
    return f'<line class="{css}" x1="{_n(x1)}" y1="{_n(y1)}" x2="{_n(x2)}" y2="{_n(y2)}"/>'


def circle(x: float, y: float, radius: float, css: str, *, tip: str = "") -> str:
    """A circle."""
    return f'<circle class="{css}" cx="{_n(x)}" cy="{_n(y)}" r="{_n(radius)}">{_tip(tip)}</circle>'


def path(commands: str, css: str, *, tip: str = "") -> str:
    """A path from ready-made commands."""
    return f'<path class="{css}" d="{commands}">{_tip(tip)}</path>'


def polyline(points: Sequence[tuple[float, float]], css: str) -> str:
    """An open line through points."""
    return f'<polyline class="{css}" points="{" ".join(f"{_n(x)},{_n(y)}" for x, y in points)}"/>'


def text(x: float, y: float, content: str, css: str = "", *, anchor: str = "start", tip: str = "") -> str:
    """A line of text on the baseline `y`; `anchor` is start, middle or end."""
    return (
        f'<text class="{css}" x="{_n(x)}" y="{_n(y)}" text-anchor="{anchor}">{escape(content, quote=False)}{_tip(tip)}'
        "</text>"
    )


def fitted(content: str, width: float, size: float) -> str:
    """`content`, cut with an ellipsis where it would be wider than `width` at font size `size`."""
    fits = max(1, int(width / (size * CHARACTER_WIDTH)))
    return content if len(content) <= fits else content[: fits - 1].rstrip() + "…"


def fitted_text(x: float, y: float, content: str, css: str, width: float, size: float, *, anchor: str = "start") -> str:
    """Text cut to `width`; what was cut can be read by hovering."""
    short = fitted(content, width, size)
    return text(x, y, short, css, anchor=anchor, tip="" if short == content else content)


def text_width(content: str, size: float) -> float:
    """A generous estimate of how wide `content` is at font size `size`."""
    return len(content) * size * CHARACTER_WIDTH


def hatch(identity: str, css: str) -> str:
    """A pattern of slanted lines, referred to as `url(#identity)`."""
    return (
        f'<defs><pattern id="{identity}" width="6" height="6" patternUnits="userSpaceOnUse"'
        f' patternTransform="rotate(45)"><rect class="{css}-ground" width="6" height="6"/>'
        f'<line class="{css}" x1="0" y1="0" x2="0" y2="6"/></pattern></defs>'
    )


def drawing(width: float, height: float, label: str, parts: Sequence[str], css: str) -> str:
    """A whole picture. `label` says in a sentence what it shows, to those who cannot see it."""
    return (
        f'<svg class="{css}" viewBox="0 0 {_n(width)} {_n(height)}" role="img" aria-label="{escape(label)}"'
        f' style="--w:{_n(width)}px">{"".join(parts)}</svg>'
    )
