"""Where figures go: a JSON line each in bench/out.jsonl, and a table at the end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

OUT = Path(__file__).parent / "out.jsonl"
_figures: list[dict[str, Any]] = []


def record(
    name: str,
    value: float,
    unit: str,
    reference: str = "",
    reference_value: float | None = None,
) -> None:
    """Note one figure and, beside it, what it is compared with. Ratio is value / reference."""
    figure = {
        "name": name,
        "value": _short(value),
        "unit": unit,
        "reference": reference,
        "reference_value": _short(reference_value),
        "ratio": _short(value / reference_value) if reference_value else None,
    }
    _figures.append(figure)
    with OUT.open("a", encoding="utf-8") as out:
        out.write(json.dumps(figure, ensure_ascii=False) + "\n")


def table() -> str:
    """The figures of this run, one line each."""
    head = ("figure", "value", "unit", "beside", "ratio", "reference")
    rows = [head, *(_row(figure) for figure in _figures)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(head))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    ]
    return "\n".join(line.rstrip() for line in lines)


def _row(figure: dict[str, Any]) -> tuple[str, ...]:
    keys = ("name", "value", "unit", "reference_value", "ratio", "reference")
    return tuple("" if figure[key] is None else str(figure[key]) for key in keys)


def _short(value: float | None) -> float | int | None:
    if value is None or float(value).is_integer():
        return None if value is None else int(value)
    return round(value, 3)
