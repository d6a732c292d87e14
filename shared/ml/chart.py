"""The report's charts as inline SVG: drawn by hand, coloured by the page's style sheet."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10

from shared.domain.evaluation import Lift, Measures, ReliabilityBin

WIDTH = 400.0


@dataclass(frozen=True, slots=True)
class Axis:
    """Maps values from `low` to `high` onto pixels from `start` to `end`."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """The pixel of a value, values beyond the ends put on them."""
        held = min(max(value, self.low), self.high)
        return self.start + (held - self.low) / (self.high - self.low) * (self.end - self.start)

    def ticks(self, wanted: int = 5) -> list[float]:
        """Round values between the ends, about as many as wanted."""
        step = _round_step((self.high - self.low) / wanted)
        first, last = ceil(self.low / step - 1e-9), floor(self.high / step + 1e-9)
        return [round(k * step, 10) for k in range(first, last + 1)]


def _round_step(rough: float) -> float:
    size = 10.0 ** floor(log10(rough))
    return next(size * factor for factor in (1, 2, 2.5, 5, 10) if size * factor >= rough - 1e-12)


def percent(value: float, digits: int = 0) -> str:
    """0.125 as 12.5%; what rounds to nothing has no sign."""
    return f"{100 * value:z.{digits}f}%"


def _tick(value: float, plain: bool) -> str:
    return f"{value:g}" if plain else f"{round(100 * value, 6):g}%"


def reliability_chart(bins: Sequence[ReliabilityBin], title: str) -> str:
    """Predicted against what came, with 95 % intervals, and the diagonal of perfect forecasts."""
    top = max((max(each.high, each.mean_predicted) for each in bins), default=1.0)
    top = min(1.0, max(top * 1.04, 0.01))
    x, y = Axis(0, top, 66, WIDTH - 16), Axis(0, top, 296, 14)
    marks = "".join(_reliability_mark(each, x, y) for each in bins)
    diagonal = _line(x.at(0), y.at(0), x.at(top), y.at(top), "ideal")
    grid = _rows(y, x, 5) + _columns(x, y, 5)
    words = _text((x.start + x.end) / 2, 342, "predicted to leave", "middle", "axis") + _text(
        14, (y.start + y.end) / 2, "share that left", "middle", "axis", turned=True
    )
    return _svg(350, title, grid + diagonal + marks + words)


def _reliability_mark(each: ReliabilityBin, x: Axis, y: Axis) -> str:
    at = x.at(each.mean_predicted)
    told = (
        f"{each.rows:,} rows: {percent(each.mean_predicted, 1)} predicted, "
        f"{percent(each.observed, 1)} left ({percent(each.low, 1)} to {percent(each.high, 1)})"
    )
    bar = _line(at, y.at(each.low), at, y.at(each.high), "range")
    dot = f'<circle cx="{at:.1f}" cy="{y.at(each.observed):.1f}" r="4.5" class="dot"/>'
    return f"<g><title>{escape(told)}</title>{bar}{dot}</g>"


def lift_chart(table: Sequence[Lift], title: str) -> str:
    """How many times as often those at highest risk leave, by how many of them are watched."""
    shown = [each for each in table if each.share < 1]
    top = max((each.lift for each in shown), default=1.0) * 1.12
    y = Axis(0, max(top, 1.5), 296, 14)
    x = Axis(0, max(len(shown), 1), 56, WIDTH - 12)
    bars = "".join(_bar(k, each, x, y) for k, each in enumerate(shown))
    blind = _line(x.start, y.at(1), x.end, y.at(1), "ideal")
    words = _text(
        (x.start + x.end) / 2, 342, "watched: the share at highest risk", "middle", "axis"
    ) + _text(14, (y.start + y.end) / 2, "times the base rate", "middle", "axis", turned=True)
    return _svg(350, title, _rows(y, x, 4, plain=True) + bars + blind + words)


def _bar(k: int, each: Lift, x: Axis, y: Axis) -> str:
    left, right, top = x.at(k) + 6, x.at(k + 1) - 6, y.at(each.lift)
    middle = (left + right) / 2
    told = (
        f"Top {percent(each.share)}: {percent(each.precision, 1)} left, "
        f"{percent(each.recall)} of all departures caught"
    )
    return (
        f"<g><title>{escape(told)}</title>"
        f'<rect x="{left:.1f}" y="{top:.1f}" width="{right - left:.1f}" '
        f'height="{y.start - top:.1f}" rx="2" class="bar"/>'
        + _text(middle, top - 5, f"{each.lift:.1f}", "middle", "value")
        + _text(middle, 316, percent(each.share), "middle", "tick")
        + "</g>"
    )


def auc_chart(rows: Iterable[tuple[str, Measures]], title: str) -> str:
    """The AUC of each model with its 95 % interval, from a coin's 0.5 to 1."""
    known = [(name, each) for name, each in rows if each.auc is not None]
    least = min((each.auc_low or each.auc or 0.5 for _, each in known), default=0.5)
    x = Axis(min(0.5, floor(least * 10) / 10), 1.0, 152, WIDTH - 52)
    bottom = 14 + 30 * len(known)
    y = Axis(0, 1, bottom, 8)
    marks = "".join(_auc_mark(name, each, 24 + 30 * k, x) for k, (name, each) in enumerate(known))
    coin = _line(x.at(0.5), y.start, x.at(0.5), y.end, "ideal")
    words = _text((x.start + x.end) / 2, bottom + 42, "AUC, where 0.5 is a coin", "middle", "axis")
    return _svg(bottom + 50, title, _columns(x, y, 5, plain=True) + coin + marks + words)


def _auc_mark(name: str, each: Measures, at: float, x: Axis) -> str:
    auc = each.auc or 0.0
    low = auc if each.auc_low is None else each.auc_low
    high = auc if each.auc_high is None else each.auc_high
    return (
        _text(142, at + 5, name, "end", "name")
        + _line(x.at(low), at, x.at(high), at, "range")
        + f'<circle cx="{x.at(auc):.1f}" cy="{at:.1f}" r="4.5" class="dot"/>'
        + _text(WIDTH - 2, at + 5, f"{auc:.2f}", "end", "value")
    )


def _rows(y: Axis, x: Axis, wanted: int, plain: bool = False) -> str:
    return "".join(
        _line(x.start, y.at(value), x.end, y.at(value), "grid")
        + _text(x.start - 7, y.at(value) + 5, _tick(value, plain), "end")
        for value in y.ticks(wanted)
    )


def _columns(x: Axis, y: Axis, wanted: int, plain: bool = False) -> str:
    return "".join(
        _line(x.at(value), y.start, x.at(value), y.end, "grid")
        + _text(x.at(value), y.start + 20, _tick(value, plain), "middle")
        for value in x.ticks(wanted)
    )


def _line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{kind}"/>'


def _text(
    x: float, y: float, words: str, anchor: str, kind: str = "tick", turned: bool = False
) -> str:
    turn = f' transform="rotate(-90 {x:.1f} {y:.1f})"' if turned else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" class="{kind}"{turn}>'
        f"{escape(words)}</text>"
    )


def _svg(height: float, title: str, content: str) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH:g} {height:g}" role="img" aria-label="{escape(title)}">'
        f"{content}</svg>"
    )
