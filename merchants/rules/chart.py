"""Where the bars and lines of small charts stand. Pure: numbers in, coordinates out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

STEPS = (1, 2, 2.5, 4, 5, 10)
LINES = 5  # grid lines above zero, at most


@dataclass(frozen=True)
class Bar:
    """One bar with round shoulders as an SVG path; `middle` and `label_y` are where labels go."""

    path: str
    middle: float
    label_y: float


def ceiling(most: int) -> tuple[int, int]:
    """(step, top) of a round scale that holds `most`: 17,476 gives (4,000, 20,000)."""
    if most <= 0:
        return 1, 1
    wish = most / LINES
    power = 1
    while power * 10 <= wish:
        power *= 10
    step = next((int(power * s) for s in STEPS if power * s >= wish and power * s % 1 == 0), 1)
    return step, step * -(-most // step)


def scale(top: int, step: int, *, base: float, head: float) -> list[tuple[str, float]]:
    """(label, y) of every grid line from 0 to `top`; 0 stands at `base`, `top` at `head`."""
    return [
        (short(value), round(base - (base - head) * value / top, 1))
        for value in range(0, top + 1, step)
    ]


def bars(
    values: Sequence[int], *, top: int, left: float, right: float, base: float, head: float
) -> list[Bar]:
    """Bars side by side between `left` and `right`, half as wide as their place."""
    slot = (right - left) / max(len(values), 1)
    width = slot * 0.52
    found = []
    for place, value in enumerate(values):
        height = (base - head) * value / top if top else 0.0
        middle = left + slot * (place + 0.5)
        path = _bar(middle - width / 2, base, width, height) if height else ""
        found.append(Bar(path, round(middle, 1), round(base - height - 7, 1)))
    return found


def _bar(x: float, base: float, width: float, height: float) -> str:
    r = min(5.0, height, width / 2)
    return (
        f"M{x:.1f},{base:.1f}v{r - height:.1f}q0,-{r:.1f} {r:.1f},-{r:.1f}"
        f"h{width - 2 * r:.1f}q{r:.1f},0 {r:.1f},{r:.1f}V{base:.1f}z"
    )


def line(
    values: Sequence[int], *, top: int, left: float, right: float, base: float, head: float
) -> list[tuple[float, float]]:
    """The points of a line from `left` to `right`; one value alone stands at the left."""
    step = (right - left) / max(len(values) - 1, 1)
    return [
        (
            round(left + step * place, 1),
            round(base - (base - head) * value / top if top else base, 1),
        )
        for place, value in enumerate(values)
    ]


def joined(points: Sequence[tuple[float, float]]) -> str:
    """Points as <polyline> and <polygon> read them."""
    return " ".join(f"{x:g},{y:g}" for x, y in points)


def every(count: int, most: int) -> int:
    """How many places lie between two labels, so that there are no more than `most` of them."""
    return next((step for step in (1, 2, 5, 10, 15, 30, 60) if count <= step * most), 120)


def short(value: int) -> str:
    """4000 as `4k`: the words of an axis."""
    if value >= 1000 and value % 100 == 0:
        return f"{value / 1000:g}k"
    return str(value)


def spark(values: Sequence[int], *, width: float = 160, height: float = 34) -> str:
    """The points of a line through `values`, for <polyline points>."""
    most = max(values, default=0) or 1
    step = (width - 4) / max(len(values) - 1, 1)
    return " ".join(
        f"{2 + step * place:.1f},{height - 4 - (height - 10) * value / most:.1f}"
        for place, value in enumerate(values)
    )
