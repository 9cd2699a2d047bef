"""Which commit changed what: the levels of recorded histories as small charts, and the changes by name, as HTML."""

from __future__ import annotations

import html
import math
from pathlib import Path

from anisoap_bench.dashboard.merge import Merged
from anisoap_bench.dashboard.tables import day, folded, graph_link, html_table, link
from anisoap_bench.history.book import Book, read_book
from anisoap_bench.history.levels import Change, Levels, find_changes
from anisoap_bench.history.report import CHANGES, change_row
from anisoap_bench.history.store import RELATIVE

WIDTH, HEIGHT, LEFT, RIGHT, MARGIN = 360, 170, 40, 12, 10
ROW, ROWS = 13, 3
"""Height and most rows of names above a chart: neighbours have different ones."""
LEAST = 0.03
"""Of the log time up and down that a chart shows at least, so that noise looks small."""
TICKS = (1, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 0.8, 0.9, 0.95, 0.98, 1.02, 1.05, 1.1, 1.2, 1.5, 2, 5, 10, 20, 50, 100)
FIRST = 6
"""Charts that are open: those of the benchmarks that changed most."""
NONE = "<p>Nothing is recorded yet: <code>make history RANGE=20</code> measures the last twenty commits in pairs.</p>"
INTRODUCTION = (
    "<p>Time relative to the first commit, from pairs of processes that take turns; the band is the interval of 95 %. "
    "Commits are in order. The axis of time is logarithmic. A commit that changed a benchmark is marked and named.</p>"
)


def changes(recordings: Path, merged: Merged, show_commit: str) -> str:
    """HTML of a section for each machine with a recording, the newest one open; CannotMeasure names a broken file."""
    books = {file.stem: read_book(file) for file in recordings.glob("*.jsonl")}
    sections: list[str] = []
    for machine, book in sorted(books.items(), key=lambda item: -max(item[1].written.values(), default=0)):
        if levels := book.levels():
            title = f"{len(book.commits)} commits on <code>{html.escape(machine)}</code>, measured until "
            title += day(int(1000 * max(book.written.values())))
            body = _section(machine, book, levels, merged, show_commit)
            sections.append(folded(title, body) if sections else f'{INTRODUCTION}<p class="soft">{title}</p>{body}')
    return "<h2>Which commit changed what</h2>\n" + ("\n".join(sections) or NONE)


def _section(machine: str, book: Book, levels: dict[str, Levels], merged: Merged, show_commit: str) -> str:
    found, commits = find_changes(levels), book.commits
    shown = machine if machine in merged.measured(RELATIVE) else ""
    changed = {one.benchmark for one in found}

    def graph(name: str) -> str:
        return link(name, graph_link(RELATIVE, machine=shown, benchmark=name)) if shown else html.escape(name)

    charts = [
        f"<figure><figcaption>{graph(name)}</figcaption>"
        f"{chart(book, levels[name], [one for one in found if one.benchmark == name])}</figure>"
        for name in sorted(levels, key=lambda name: (name not in changed, -abs(levels[name].values).max()))
    ]
    parts = [f'<div class="charts">{"".join(charts[:FIRST])}</div>']
    if len(charts) > FIRST:
        more = f'<div class="charts">{"".join(charts[FIRST:])}</div>'
        parts.append(folded(f"{len(charts) - FIRST} benchmarks that changed less", more))
    rows = []
    for one in found:
        where, _, ratio, interval, why = change_row(book, one)
        where = link(where, show_commit + commits[one.commit].hash)
        numbers = [text.replace(" ", "&nbsp;") for text in (ratio, interval)]
        rows.append([where, graph(one.benchmark), *numbers, html.escape(why)])
    parts.append(html_table(CHANGES, rows, "prose") if rows else "<p>No commit changed any of them.</p>")
    return "\n".join(parts)


def chart(book: Book, line: Levels, found: list[Change]) -> str:
    """SVG of the levels of one benchmark, its band, and its changes by name."""
    commits, levels = book.commits, [line.interval(place) for place in range(len(line.commits))]
    top = max(LEAST, *(math.log(high) for _, _, high in levels))
    bottom = min(-LEAST, *(math.log(low) for _, low, _ in levels))
    above = MARGIN + ROW * min(len(found), ROWS)

    def x(at: int) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * at / max(len(commits) - 1, 1), 1)

    def y(ratio: float) -> float:
        return round(above + (HEIGHT - above - MARGIN) * (top - math.log(ratio)) / (top - bottom), 1)

    parts: list[str] = []
    drawn: list[float] = []
    for tick in TICKS:
        if bottom <= math.log(tick) <= top and all(abs(y(tick) - other) > 18 for other in drawn):
            drawn.append(y(tick))
            parts.append(f'<path class="grid" d="M{LEFT} {y(tick)}H{WIDTH - RIGHT}"/>')
            parts.append(f'<text x="{LEFT - 5}" y="{y(tick) + 4}" text-anchor="end">{tick:g}×</text>')
    places = [x(int(at)) for at in line.commits]
    edge = [f"{at} {y(high)}" for at, (_, _, high) in zip(places, levels, strict=True)]
    edge += [f"{at} {y(low)}" for at, (_, low, _) in zip(places, levels, strict=True)][::-1]
    middle = [f"{at} {y(ratio)}" for at, (ratio, _, _) in zip(places, levels, strict=True)]
    parts += [f'<path class="band" d="M{"L".join(edge)}Z"/>', f'<path class="level" d="M{"L".join(middle)}"/>']
    changed = {one.commit: one for one in found}
    kinds = {at: "slower" if one.ratio > 1 else "faster" for at, one in changed.items()}
    for number, (at, one) in enumerate(changed.items()):
        row = MARGIN + ROW * (number % ROWS)
        side = "start" if x(at) < WIDTH / 3 else "end" if x(at) > 2 * WIDTH / 3 else "middle"
        name = f"{commits[at].hash[:7]} × {one.ratio:.2f}"
        parts.append(f'<path class="{kinds[at]} name" d="M{x(at)} {row + 3}V{HEIGHT - MARGIN}"/>')
        parts.append(f'<text class="{kinds[at]}" x="{x(at)}" y="{row}" text-anchor="{side}">{name}</text>')
    for at, (ratio, low, high) in zip(map(int, line.commits), levels, strict=True):
        said = html.escape(f"{commits[at].name}: × {ratio:.3f} ({low:.3f} to {high:.3f})")
        kind, radius = kinds.get(at, "point"), 4 if at in changed else 2.5
        parts.append(f'<circle class="{kind}" cx="{x(at)}" cy="{y(ratio)}" r="{radius}"><title>{said}</title></circle>')
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="Time of each commit">{"".join(parts)}</svg>'
