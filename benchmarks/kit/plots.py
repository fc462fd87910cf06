"""Growth curves of the kept results, as SVG files beside docs/scaling.md: `python -m benchmarks.kit.plots`."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from statistics import median
from typing import Any

from config import ROOT

RESULTS, OUT = ROOT / "benchmarks/results", ROOT / "docs/scaling"
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 640, 340, 60, 190, 40, 50
LABEL = 13  # from one name of a curve to the next, at least
COLOURS = ("#1d4f91", "#b3402a", "#2f7d4f", "#7a4f9c", "#8a6d1d", "#555555")
Points = Sequence[tuple[float, float]]


def read(bench: str, size: str) -> list[dict[str, Any]]:
    """The lines of the last run that went to the largest size ever kept: figures of two runs make no curve."""
    path = RESULTS / f"{bench}.jsonl"
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []
    sized = [line for line in lines if size in line]
    if not sized:
        return []
    largest = max(line[size] for line in sized)
    run = [line["at"] for line in sized if line[size] == largest][-1]
    return [line for line in sized if line["at"] == run]


def svg(title: str, across: str, up: str, curves: Mapping[str, Points]) -> str:
    """Both axes logarithmic, so that what grows with its work is a slope of one and what does not is level."""
    xs = [x for points in curves.values() for x, _ in points]
    ys = [y for points in curves.values() for _, y in points]
    low, high = decades(min(ys)), decades(max(ys), up=True)
    left, right = math.log10(min(xs)), max(math.log10(max(xs)), math.log10(min(xs)) + 1)

    def at(x: float, y: float) -> tuple[float, float]:
        across_ = LEFT + (math.log10(x) - left) / (right - left) * (WIDTH - LEFT - RIGHT)
        return across_, HEIGHT - BOTTOM - (math.log10(y) - low) / (high - low) * (HEIGHT - TOP - BOTTOM)

    parts = [f'<text x="{LEFT}" y="20" font-size="14" font-weight="bold">{escape(title)}</text>']
    for power in range(low, high + 1):
        _, y = at(10**left, 10**power)
        parts.append(f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#ccc"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{10.0**power:g}</text>')
    for x_value in sorted(set(xs)):
        x, _ = at(x_value, 10**low)
        parts.append(f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{x_value:,.0f}</text>')
    drawn = [
        (name, [at(*point) for point in points], colour)
        for (name, points), colour in zip(curves.items(), COLOURS * 2, strict=False)
    ]
    label = 0.0
    for name, points, colour in sorted(drawn, key=lambda each: each[1][-1][1]):
        label = max(label + LABEL, points[-1][1] + 4)  # below the one above it
        parts += curve(name, points, colour, label)
    parts.append(f'<text x="{LEFT}" y="{HEIGHT - 8}">{escape(across)}</text>')
    parts.append(f'<text x="{LEFT}" y="{TOP - 6}">{escape(up)}</text>')
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
    return f'{head}font-size="11" role="img" aria-label="{escape(title)}">\n' + "\n".join(parts) + "\n</svg>\n"


def curve(name: str, points: Points, colour: str, label: float) -> Iterable[str]:
    line = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    yield f'<path d="M{line}" fill="none" stroke="{colour}" stroke-width="2"/>'
    yield from (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in points)
    yield f'<text x="{points[-1][0] + 8:.1f}" y="{label:.1f}" fill="{colour}">{escape(name)}</text>'


def decades(value: float, *, up: bool = False) -> int:
    return math.ceil(math.log10(value) + 1e-9) if up else math.floor(math.log10(value))


def newest(lines: Iterable[dict[str, Any]], size: str, value: str = "ms") -> Points:
    """The last figure of each size, smallest size first."""
    kept = {line[size]: float(line[value]) for line in lines if size in line and value in line}
    return sorted(kept.items())


def level(value: float, sizes: Iterable[float]) -> Points:
    return [(size, value) for size in sorted(set(sizes))]


def queue() -> dict[str, Points]:
    lines, found = read("queue", "cases"), dict[str, Points]()
    for engine in ("sqlite", "postgres"):
        mine = [line for line in lines if line.get("engine") == engine]
        pages = [line for line in mine if line["what"] != "floor"]
        if not pages:
            continue
        sizes = sorted({line["cases"] for line in pages})
        found[f"{engine}: median page"] = [(s, median(p["ms"] for p in pages if p["cases"] == s)) for s in sizes]
        found[f"{engine}: slowest page"] = [(s, max(p["ms"] for p in pages if p["cases"] == s)) for s in sizes]
        found[f"{engine}: floor"] = level([line["ms"] for line in mine if line["what"] == "floor"][-1], sizes)
    return found


def by_name(bench: str, size: str, names: Iterable[str], engine: str = "sqlite") -> dict[str, Points]:
    lines = [line for line in read(bench, size) if line.get("engine") == engine]
    curves = {name: newest([line for line in lines if line["what"] == name], size) for name in names}
    return {name: points for name, points in curves.items() if points}


def main() -> None:
    OUT.mkdir(exist_ok=True)
    plots = {
        "queue": ("The staff's queue: processor time a page", "cases", "ms", queue()),
        "sweep": ("The sweep of warnings, 100 due", "open cases", "ms", by_name("sweep", "open", ["100 due"])),
        "person": (
            "One student: erasure, and plain deletes",
            "items",
            "ms",
            by_name("person", "items", ["erasure", "plain deletes"]),
        ),
    }
    for name, (title, across, up, curves) in plots.items():
        if curves:
            (OUT / f"{name}.svg").write_text(svg(title, across, up, curves), encoding="utf-8")


if __name__ == "__main__":
    main()
