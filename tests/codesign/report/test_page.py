"""The whole page: complete, self-contained, escaped, written whole or not at all."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from codesign.report.page import write_report
from runtime.contract.errors import ConfigError, StorageError

from .sample import sample

EVIL = "<script>alert(\"x\")</script> & 'co'"
VOID = {"meta", "link", "br", "img", "hr", "input"}


def unserved() -> dict[str, Any]:
    table = sample()
    for bar in (*table["bars"], table["oracle"]):
        bar["served_energy_j"] = None
    for mode in table["modes"]:
        mode["test"]["served_energy_j"] = mode["select"]["served_energy_j"] = None
    return table


def bare() -> dict[str, Any]:
    table = sample()
    table["modes"] = [table["modes"][1]]
    table["history"], table["gains"] = [], {"single": None, "chain": None}
    table["fronts"] |= {"static": [], "single": [], "chain": [], "searched": []}
    table["data"]["notes"], table["board"]["assumptions"], table["timing_s"] = [], [], {}
    return table


CASES = {
    "usual": sample(),
    "tiny saving": sample(chosen_j=0.0060999),
    "loss": sample(chosen_j=0.0068, chosen_accuracy=0.97),
    "unserved": unserved(),
    "bare": bare(),
    "hundred classes": sample(classes=[f"class {i}" for i in range(100)]),
    "long names": sample(classes=["a" * 300, "b " * 150], labels=["A · " + "c" * 200] * 4),
    "one stage": sample(shares=[1.0], labels=["A · end"]),
    "twelve stages": sample(shares=[0.12] * 8 + [0.01] * 4, labels=[f"A · block {i}" for i in range(12)]),
}


class Balance(HTMLParser):
    """Checks that what is opened is closed, and collects text outside style and script."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.words: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("style", "script"):
            self.words.append(data)


def page(tmp_path: Path, table: dict[str, Any]) -> str:
    out = tmp_path / "report.html"
    write_report(table, out)
    return out.read_text(encoding="utf-8")


def parsed(text: str) -> Balance:
    balance = Balance()
    balance.feed(text)
    balance.close()
    assert balance.open == []
    return balance


@pytest.mark.parametrize("name", CASES)
def test_every_case_gives_a_well_formed_page_without_holes(tmp_path: Path, name: str) -> None:
    text = page(tmp_path, CASES[name])
    words = " ".join(parsed(text).words)
    assert not re.search(r"\b(nan|inf|None|undefined)\b", words)
    for svg in re.findall(r"<svg.*?</svg>", text, flags=re.DOTALL):
        root = ElementTree.fromstring(svg)  # noqa: S314 - our own output
        assert root.get("aria-label")
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(ids) == len(set(ids))


def test_nothing_is_fetched_from_anywhere(tmp_path: Path) -> None:
    text = page(tmp_path, sample())
    for tag, attributes in parsed(text).tags:
        assert tag not in ("link", "iframe", "img", "object", "embed")
        assert not {"src", "href", "xlink:href"} & set(attributes)
    assert "@import" not in text
    assert all(target.startswith("#") for target in re.findall(r"url\(([^)]*)\)", text))


def test_names_that_are_markup_stay_words(tmp_path: Path) -> None:
    table = sample(classes=[EVIL, "plain"], labels=[EVIL] * 4)
    for holder, key in (
        (table["data"], "name"),
        (table["board"], "hardware"),
        (table["board"], "name"),
        (table, "command"),
        (table, "machine"),
        (table["modes"][0], "name"),
        (table["modes"][0], "description"),
        (table["verification"], "bundle_id"),
        (table["bars"][0], "design"),
        (table["data"], "imbalance"),
    ):
        holder[key] = EVIL
    table["data"]["notes"] = table["board"]["assumptions"] = [EVIL]
    table["timing_s"] = {EVIL: 1.0}
    table["certificate"] = {EVIL: EVIL}
    text = page(tmp_path, table)
    read = parsed(text)
    assert "alert(" not in re.sub(r"&lt;script&gt;alert\(", "", text.lower())
    assert len([tag for tag, _ in read.tags if tag == "script"]) == 1
    assert EVIL in "".join(read.words)


@pytest.mark.parametrize("name", CASES)
def test_every_figure_says_how_its_numbers_are_known(tmp_path: Path, name: str) -> None:
    text = page(tmp_path, CASES[name])
    charts = [svg.start() for svg in re.finditer(r'<svg class="chart (wide|small)', text)]
    assert charts
    for start in charts:
        assert 'class="badge ' in text[start : text.index("</section>", start)]
    figures = re.findall(r"<figure>.*?</figure>", text, flags=re.DOTALL)
    assert all('class="badge ' in figure for figure in figures)
    assert all('class="badge ' in tile for tile in re.findall(r"<dt>[^<]*<span.*?</dt>", text, flags=re.DOTALL))


def test_a_badge_follows_the_kind_in_the_results(tmp_path: Path) -> None:
    table = sample()
    for bar in (*table["bars"], table["oracle"]):
        bar["energy_kind"] = "predicted"
    table["fronts"]["kind"] = "predicted"
    text = page(tmp_path, table)
    assert text.count('class="badge simulated"') == 1  # the legend alone
    assert text.count('class="badge predicted"') > 10


def test_the_story_is_told_in_order(tmp_path: Path) -> None:
    text = page(tmp_path, sample())
    order = ["energy", "walk", "fronts", "modes", "exits", "classes", "search", "data", "trust", "again"]
    assert re.findall(r'<section id="(\w+)">', text) == order


def test_a_run_without_a_certificate_says_so_and_one_with_shows_it(tmp_path: Path) -> None:
    assert "No certificate was issued" in page(tmp_path, sample())
    table = sample()
    table["certificate"] = {"epsilon": 0.01, "delta": 0.1, "sentence": "At most one in a hundred."}
    text = page(tmp_path, table)
    assert "No certificate was issued" not in text
    assert "<strong>epsilon</strong> 0.01" in text
    assert "At most one in a hundred. This speaks of images like the calibration images, and of no others." in text


def test_a_threshold_of_null_is_called_never(tmp_path: Path) -> None:
    table = sample()
    table["modes"][0]["thresholds_nats"] = [None, 0.2, 0.3]
    assert '<span class="line">never</span>' in page(tmp_path, table)


def test_results_with_a_hole_leave_an_earlier_report_alone(tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    out.write_text("earlier", encoding="utf-8")
    table = sample()
    del table["oracle"]
    with pytest.raises(ConfigError, match="missing key 'oracle'"):
        write_report(table, out)
    assert out.read_text(encoding="utf-8") == "earlier"


def test_a_report_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    out.mkdir()  # a folder stands where the file should go
    with pytest.raises(StorageError, match=r"cannot be written(.|\n)*another folder"):
        write_report(sample(), out)
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]
    with pytest.raises(StorageError, match="cannot be written"):
        write_report(sample(), tmp_path / "absent" / "report.html")


@pytest.mark.parametrize(
    ("section", "kinds"),
    [
        ("energy", {"simulated", "measured", "assumed"}),
        ("walk", {"measured"}),
        ("fronts", {"simulated", "measured"}),
        ("classes", {"measured"}),
        ("search", {"simulated"}),
    ],
)
def test_a_chart_of_two_kinds_of_number_names_both_in_its_caption(
    tmp_path: Path, section: str, kinds: set[str]
) -> None:
    text = page(tmp_path, sample())
    part = text[text.index(f'<section id="{section}">') :]
    captions = re.findall(r"<figcaption>(.*?)</figcaption>", part[: part.index("</section>")], flags=re.DOTALL)
    assert captions
    assert all(set(re.findall(r'class="badge (\w+)"', caption)) == kinds for caption in captions)
