"""What `manage.py bench --docs` leaves behind: the figures in `docs/performance.json`, and made of them the table of
`docs/performance.md` and its chart, `docs/images/performance.svg`.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from html import escape
from math import log2
from typing import Any

from project.bench.goals import TITLES
from project.bench.report import Bound, Report, Row
from project.env import BASE_DIR

DOCS = BASE_DIR / "docs"
FIGURES, PAGE, CHART = DOCS / "performance.json", DOCS / "performance.md", DOCS / "images" / "performance.svg"
TABLE = re.compile(r"(<!-- figures -->\n).*?(<!-- end of figures -->)", re.DOTALL)
# As wide as a phone, where it is shown one to one.
WIDTH, HEAD, LINE, MARGIN = 380, 62, 42, 12
# A bar ends where a figure is so many times better or worse than its goal.
REACH = 16
STYLE = """
    .card { fill: #ffffff; stroke: #d0d7de } .goal { stroke: #1f2328; stroke-width: 1.5 }
    text { font: 13px system-ui, sans-serif; fill: #1f2328 } .small { font-size: 11px; fill: #59636e }
    .figure { text-anchor: end } .kept { fill: #0969da } .missed { fill: #bc4c00 }
    text.missed { font-weight: 600 }
    @media (prefers-color-scheme: dark) {
        .card { fill: #151b23; stroke: #3d444d } .goal { stroke: #f0f6fc }
        text { fill: #f0f6fc } .small { fill: #9198a1 } .kept { fill: #4493f8 } .missed, text.missed { fill: #f0883e }
    }
"""


@dataclass(frozen=True, slots=True)
class Figures:
    """The rows of one suite, as its last run with `--docs` found them."""

    suite: str
    engine: str
    is_quick: bool
    rows: list[Row]


def write(report: Report, *, is_quick: bool, order: list[str]) -> None:
    """Put what `report` found in place of earlier figures of its suite; `order` is that of the suites."""
    known = {figures["suite"]: figures for figures in json.loads(FIGURES.read_text(encoding="utf-8"))}
    rows = [asdict(row) for row in report.rows]
    known[report.suite] = {"suite": report.suite, "engine": report.engine, "is_quick": is_quick, "rows": rows}
    kept = [known[suite] for suite in order if suite in known]
    FIGURES.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    CHART.write_text(chart(read()), encoding="utf-8")
    PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8"), read()), encoding="utf-8")


def read() -> list[Figures]:
    """The figures that the page shows."""
    return [_figures(found) for found in json.loads(FIGURES.read_text(encoding="utf-8"))]


def with_table(page: str, found: list[Figures]) -> str:
    """`page` with the table of `found` between its markers."""
    lines = ["| Suite | Goal | Row | Figure | Floor | Holds |", "|---|---|---|---|---|---|"]
    for figures in found:
        lines += [f"| {' | '.join((figures.suite, *_cells(row)))} |" for row in figures.rows]
    runs = ", ".join(f"{figures.suite}{' (quick)' if figures.is_quick else ''}" for figures in found)
    engines = ", ".join(sorted({figures.engine for figures in found}))
    table = "\n".join([f"Runs of {runs}, on {engines}.", "", *lines])
    return TABLE.sub(lambda marks: f"{marks[1]}\n{table}\n\n{marks[2]}", page)


def chart(found: list[Figures]) -> str:
    """An SVG with a bar per goal, for the row that is nearest to its bound or furthest beyond it."""
    bars = list(_bars(found))
    height = HEAD + LINE * len(bars) + MARGIN
    middle = WIDTH / 2
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" role="img">',
            "<title>How far each goal is kept or missed</title>",
            f"<style>{STYLE}</style>",
            f'<rect class="card" x=".5" y=".5" width="{WIDTH - 1}" height="{height - 1}" rx="8"/>',
            f'<text x="{MARGIN}" y="22">How far each goal is kept or missed</text>',
            f'<text class="small" x="{MARGIN}" y="40">The tightest row of each; the edges are a factor of 16</text>',
            f'<text class="small figure" x="{middle - 6}" y="56">← missed</text>',
            f'<text class="small" x="{middle + 6}" y="56">kept →</text>',
            *(line for number, bar in enumerate(bars) for line in _drawn(bar, HEAD + LINE * number)),
            "</svg>\n",
        ]
    )


@dataclass(frozen=True, slots=True)
class _Bar:
    goal: str
    row: Row
    room: float  # how many times better than the bound; below 1 it is missed


def _bars(found: list[Figures]) -> Iterator[_Bar]:
    """Of goals with a bound that a figure can come near to; what has to be nought is kept or broken, and no bar."""
    rows = [row for figures in found for row in figures.rows]
    for goal in TITLES:
        tried = [_Bar(goal, row, _room(row)) for row in rows if row.goal == goal and _has_room(row)]
        if tried:
            yield min(tried, key=lambda bar: bar.room)


def _has_room(row: Row) -> bool:
    return row.bound is not None and row.bound.least != row.bound.most


def _room(row: Row) -> float:
    if row.figure is None or row.bound is None:
        return 0.0
    if row.bound.least is not None:
        return row.figure / row.bound.least
    return (row.bound.most or 0.0) / row.figure if row.figure else float(REACH)


def _drawn(bar: _Bar, top: int) -> Iterator[str]:
    kept, middle = bar.row.holds, WIDTH / 2
    step = (middle - MARGIN) / log2(REACH)
    length = step * min(log2(REACH), abs(log2(bar.room)) if bar.room else log2(REACH))
    looks = "kept" if kept else "missed"
    figure = " ".join(bar.row.cells()[2:4])
    yield f'<text x="{MARGIN}" y="{top + 12}">{bar.goal} {escape(TITLES[bar.goal])}</text>'
    yield (
        f'<text class="figure {"small" if kept else "missed"}" x="{WIDTH - MARGIN}" y="{top + 12}">'
        f"{'' if kept else '✗ '}{escape(figure)}</text>"
    )
    yield (
        f'<rect class="{looks}" x="{middle if kept else middle - length:.1f}" y="{top + 18}"'
        f' width="{max(length, 2):.1f}" height="12" rx="2"><title>{escape(bar.row.what)}</title></rect>'
    )
    yield f'<line class="goal" x1="{middle}" x2="{middle}" y1="{top + 15}" y2="{top + 33}"/>'


def _cells(row: Row) -> tuple[str, ...]:
    goal, what, figure, floor, holds = row.cells()
    return goal, what.replace("|", "\\|"), figure, floor or "–", {"": "–", "NO": "**no**"}.get(holds, holds)


def _figures(found: dict[str, Any]) -> Figures:
    rows = [Row(**{**row, "bound": row["bound"] and Bound(**row["bound"])}) for row in found["rows"]]
    return Figures(found["suite"], found["engine"], found["is_quick"], rows)
