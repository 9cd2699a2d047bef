"""The landing page's tables: speed, memory and error of every system and backend at the newest commit measured."""

from __future__ import annotations

import html
from collections.abc import Sequence
from datetime import datetime, timezone
from urllib.parse import quote

from anisoap_bench.asv_files import Json, Results
from anisoap_bench.dashboard.load import LOADED, WIDE, spread
from anisoap_bench.dashboard.merge import Merged
from anisoap_bench.systems import ANCHOR, SECONDS, Line, lines

HEADER = ("system", "backend", "ms/frame", "faster", "peak MB", "error")
INTRODUCTION = (
    "<p><code>power_spectrum</code>, frames in memory to an array, one thread. Faster: than "
    f"<code>{ANCHOR}</code>, which follows the equations one pair at a time, as AniSOAP does. Peak: what a call adds; "
    f"a call is the whole file, but only its first frames for <code>{ANCHOR}</code>. Error: the largest, relative to "
    "stored values; 1e-12 stands for anything smaller. A system leads to the graph of all its backends, a backend to "
    "its own.</p><p>A time per frame is a median in one process, without samples. So the spread is that of the run's "
    "other times: the distance between the quartiles of their samples, the median over benchmarks, and what a tenth of "
    f"them exceed. Above {100 * WIDE[0]:.0f} % or {100 * WIDE[1]:.0f} %, the run was <em>under load</em>. It is kept "
    "apart in graphs and tables.</p>"
)


def graph_link(benchmark: str, /, *, log: bool = False, machine: str = "", **shown: str | Sequence[str]) -> str:
    """Address of a graph, perhaps with a logarithmic axis; of machines and parameters given, only these are drawn.

    asv writes values as Python's repr, and reads the part behind # like a query string.
    """
    values = [(name, one) for name, some in shown.items() for one in ([some] if isinstance(some, str) else some)]
    chosen = [f"p-{name}={quote(repr(value), safe='')}" for name, value in values]
    parts = "&".join([f"machine={quote(machine)}"] * bool(machine) + chosen + ["y-axis-scale=log"] * log)
    return f"asv/index.html#{quote(benchmark)}" + (f"?{parts}" if parts else "")


def link(text: str, address: str) -> str:
    """HTML of a link."""
    return f'<a href="{html.escape(address)}">{html.escape(text)}</a>'


def day(milliseconds: int) -> str:
    """HTML of the date, in UTC, of a time in milliseconds since 1970."""
    return f"<time>{datetime.fromtimestamp(milliseconds / 1000, timezone.utc):%Y-%m-%d}</time>"


def folded(title: str, body: str) -> str:
    """HTML of what is shown after a click."""
    return f"<details><summary>{title}</summary>{body}</details>"


def html_table(header: Sequence[str], rows: Sequence[Sequence[str]], kind: str = "") -> str:
    """HTML of a table of cells that are HTML."""
    head = "".join(f"<th>{name}</th>" for name in header)
    body = "\n".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<div class="wide"><table class="{kind}"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def tables(merged: Merged) -> str:
    """HTML of one table for each machine, the one with the newest commit first and open, but for runs under load."""
    newest = {}
    for machine, found in merged.results.items():
        if dates := {one.about["date"]: one.commit for one in found if SECONDS in one.rows}:
            newest[machine] = max(dates.items())
    sections = ["<h2>The newest commit</h2>"]
    if not newest:
        sections.append(f"<p>No commit has results of <code>{SECONDS}</code> yet.</p>")
    order = sorted(newest.items(), key=lambda item: (item[0].endswith(LOADED), -item[1][0]))
    for k, (machine, (date, commit)) in enumerate(order):
        found = [one for one in merged.results[machine] if one.commit == commit]
        body = _table(machine, lines(found))
        title = f"Commit <code>{commit[:8]}</code> of {day(date)} on {_describe(merged.machines[machine])}; spread "
        title += _spread(found)
        sections.append(folded(title, body) if k else f'{INTRODUCTION}<p class="soft">{title}</p>{body}')
    return "\n".join([*sections, _runs(merged)])


def _runs(merged: Merged) -> str:
    """HTML of a table of all results, with the spread that they were taken at."""
    runs: dict[tuple[int, str, str], list[Results]] = {}
    for machine, files in merged.results.items():
        for one in files:
            runs.setdefault((-one.about["date"], one.commit, html.escape(machine)), []).append(one)
    rows = [[f"<code>{run[1][:8]}</code>", day(-run[0]), run[2], _spread(files)] for run, files in sorted(runs.items())]
    table = html_table(["commit", "of", "machine", "spread"], rows)
    return folded("Every run, with its spread", table)


def _spread(run: list[Results]) -> str:
    """For people, of the files of a run: a history and each environment have their own."""
    found = [f"{100 * one[0]:.0f} %, a tenth over {100 * one[1]:.0f} %" for one in map(spread, run) if one]
    return " and ".join(found) or "unknown: too few times have samples"


def _describe(machine: Json) -> str:
    known = [str(machine[key]) for key in ("cpu", "num_cpu", "os") if machine.get(key)]
    if machine.get("cpu") and machine.get("num_cpu"):
        known[1] += " cores"
    name = html.escape(machine["machine"])
    return f"<code>{name}</code>" + (f" ({html.escape(', '.join(known))})" if known else "")


def _table(machine: str, found: list[Line]) -> str:
    rows: list[list[str]] = []
    backends = list(dict.fromkeys(one.backend for one in found))
    for one, before in zip(found, [None, *found], strict=False):
        system = link(one.system, graph_link(SECONDS, log=True, machine=machine, system=one.system, backend=backends))
        backend = link(one.backend, graph_link(SECONDS, machine=machine, system=one.system, backend=one.backend))
        new = before is None or one.system != before.system
        rows.append([system if new else "", backend, one.milliseconds, one.faster, one.megabytes, one.error])
    return html_table(HEADER, rows, "numbers")
