"""The landing page's tables: speed, memory and error of every system and backend at the newest commit measured."""

from __future__ import annotations

import html
from datetime import datetime, timezone
from urllib.parse import quote

from anisoap_bench.asv_files import Json
from anisoap_bench.dashboard.merge import Merged
from anisoap_bench.systems import ANCHOR, SECONDS, Line, lines

HEADER = ("system", "backend", "ms/frame", "faster", "peak MB", "error")
INTRODUCTION = (
    "<p><code>power_spectrum</code>, frames in memory to an array, one thread. Faster: than "
    f"<code>{ANCHOR}</code>, which follows the equations one pair at a time, as AniSOAP does. Peak: what a call adds; "
    f"a call is the whole file, but only its first frames for <code>{ANCHOR}</code>. Error: the largest, relative to "
    "stored values; 1e-12 stands for anything smaller. A system leads to the graph of all its backends, a backend to "
    "its own.</p>"
)


def graph_link(benchmark: str, *, log: bool = False, **shown: str) -> str:
    """Address of a graph, perhaps with a logarithmic axis; of the parameters given, only this value is drawn.

    asv writes values as Python's repr, and reads the part behind # like a query string.
    """
    chosen = [f"p-{name}={quote(repr(value), safe='')}" for name, value in shown.items()]
    parts = "&".join(chosen + ["y-axis-scale=log"] * log)
    return f"asv/index.html#{quote(benchmark)}" + (f"?{parts}" if parts else "")


def link(text: str, address: str) -> str:
    """HTML of a link."""
    return f'<a href="{html.escape(address)}">{html.escape(text)}</a>'


def day(milliseconds: int) -> str:
    """HTML of the date, in UTC, of a time in milliseconds since 1970."""
    return f"<time>{datetime.fromtimestamp(milliseconds / 1000, timezone.utc):%Y-%m-%d}</time>"


def tables(merged: Merged) -> str:
    """HTML of one table for each machine, the one with the newest commit first and open."""
    newest = {}
    for machine, found in merged.results.items():
        if dates := {one.about["date"]: one.commit for one in found if SECONDS in one.rows}:
            newest[machine] = max(dates.items())
    sections = ["<h2>The newest commit</h2>"]
    if not newest:
        sections.append(f"<p>No commit has results of <code>{SECONDS}</code> yet.</p>")
    for k, (machine, (date, commit)) in enumerate(sorted(newest.items(), key=lambda item: -item[1][0])):
        body = _table(lines([one for one in merged.results[machine] if one.commit == commit]))
        title = f"Commit <code>{commit[:8]}</code> of {day(date)} on {_describe(merged.machines[machine])}"
        if k == 0:
            sections.append(f'{INTRODUCTION}<p class="soft">{title}</p>{body}')
        else:
            sections.append(f"<details><summary>{title}</summary>{body}</details>")
    return "\n".join(sections)


def _describe(machine: Json) -> str:
    known = [str(machine[key]) for key in ("cpu", "num_cpu", "os") if machine.get(key)]
    if machine.get("cpu") and machine.get("num_cpu"):
        known[1] += " cores"
    name = html.escape(machine["machine"])
    return f"<code>{name}</code>" + (f" ({html.escape(', '.join(known))})" if known else "")


def _table(found: list[Line]) -> str:
    rows, last = [], None
    for one in found:
        new = one.system != last
        last = one.system
        system = link(one.system, graph_link(SECONDS, log=True, system=one.system)) if new else ""
        backend = link(one.backend, graph_link(SECONDS, system=one.system, backend=one.backend))
        numbers = (one.milliseconds, one.faster, one.megabytes, one.error)
        cells = f"<td>{system}</td><td>{backend}</td>" + "".join(f'<td class="number">{cell}</td>' for cell in numbers)
        rows.append(f'<tr class="{"first" if new else "next"}">{cells}</tr>')
    head = "".join(f'<th class="{"number" if k > 1 else "name"}">{name}</th>' for k, name in enumerate(HEADER))
    body = "\n".join(rows)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table></div>'
