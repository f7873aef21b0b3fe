"""What a run found: rows of figures, each beside the bound it has to keep."""

from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any

NOT_MEASURED = "not measured"


@dataclass(frozen=True, slots=True)
class Bound:
    """A limit for one figure, both ends included."""

    least: float | None = None
    most: float | None = None

    def holds(self, figure: float) -> bool:
        """Whether `figure` keeps it."""
        return (self.least is None or figure >= self.least) and (self.most is None or figure <= self.most)

    def __str__(self) -> str:
        if self.least == self.most:
            return f"= {_number(self.least)}"
        return f"≥ {_number(self.least)}" if self.most is None else f"≤ {_number(self.most)}"


def at_least(figure: float) -> Bound:
    """A ratio may not fall below it."""
    return Bound(least=figure)


def at_most(figure: float) -> Bound:
    """A ratio may not rise above it."""
    return Bound(most=figure)


def exactly(figure: float) -> Bound:
    """An invariant has one right value."""
    return Bound(figure, figure)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. No `figure`: it could not be measured. No `bound`: for information."""

    goal: str
    what: str
    figure: float | None
    unit: str
    bound: Bound | None

    @property
    def holds(self) -> bool:
        """False for a broken bound, and for a bounded figure nobody measured."""
        return self.bound is None or (self.figure is not None and self.bound.holds(self.figure))

    def cells(self) -> tuple[str, str, str, str, str]:
        """As text: goal, what, figure, floor, holds."""
        figure = NOT_MEASURED if self.figure is None else f"{_number(self.figure)}{self.unit}"
        verdict = "" if self.bound is None else "yes" if self.holds else "NO"
        return self.goal, self.what, figure, "" if self.bound is None else str(self.bound), verdict


@dataclass
class Report:
    """Collects the rows of one suite. Without `floors` only invariants are judged (an engine the goals do not name).

    `absolutes` go to the JSON file alone: they say more about the machine than about the code.
    """

    suite: str
    engine: str
    floors: bool
    rows: list[Row] = field(default_factory=list)
    absolutes: dict[str, Any] = field(default_factory=dict)

    def invariant(self, goal: str, what: str, figure: float | None, bound: Bound, unit: str = "") -> None:
        """Something that holds on every engine."""
        self.rows.append(Row(goal, what, figure, unit, bound))

    def figure(self, goal: str, what: str, figure: float | None, bound: Bound | None = None, unit: str = "") -> None:
        """A figure with the bound of its goal, if it has one."""
        self.rows.append(Row(goal, what, figure, unit, bound if self.floors else None))

    @property
    def broken(self) -> list[Row]:
        """The judged rows that do not keep their bound."""
        return [row for row in self.rows if not row.holds]

    def table(self) -> str:
        """The rows as plain text in columns."""
        lines = [("goal", "what", "figure", "floor", "holds"), *(row.cells() for row in self.rows)]
        widths = [max(len(line[column]) for line in lines) for column in range(5)]
        return "\n".join(
            f"{goal:{widths[0]}}  {what:{widths[1]}}  {figure:>{widths[2]}}  {floor:{widths[3]}}  {holds}".rstrip()
            for goal, what, figure, floor, holds in lines
        )

    def as_json(self) -> dict[str, Any]:
        """Everything, absolutes included, as plain values."""
        rows = [{**asdict(row), "holds": row.holds} for row in self.rows]
        return {"suite": self.suite, "engine": self.engine, "rows": rows, "absolutes": self.absolutes}


def median_ratio(figures: list[float], partners: list[float]) -> float:
    """The median of the ratios of each round: what disturbs a round disturbs both sides of it."""
    return median(figure / partner for figure, partner in zip(figures, partners, strict=True))


def percentile(values: list[float], percent: float) -> float:
    """The value that `percent` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def _number(figure: float | None) -> str:
    if figure is None:
        return ""
    if figure == int(figure):
        return f"{int(figure):,}"
    return f"{figure:,.0f}" if figure >= 100 else f"{figure:.3g}"
