"""The landing page's tables: speed, memory and error of every system and backend at the newest commit measured."""

from __future__ import annotations

import html
import itertools
import math
from datetime import datetime, timezone
from typing import Any
from urllib.parse import quote

from anisoap_bench.dashboard.merge import Merged

SECONDS, MEMORY, ERROR = (f"descriptors.Systems.track_{what}" for what in ("seconds_per_frame", "peak_memory", "error"))
ANCHOR = "reference"
"""The backend that the others are compared with."""
HEADER = ("system", "backend", "ms/frame", "faster", "peak MB", "error")
INTRODUCTION = (
    "<p><code>power_spectrum</code>, frames in memory to an array, one thread. Faster: than "
    f"<code>{ANCHOR}</code>, which follows the equations one pair at a time, as AniSOAP does. Peak: what a call adds; "
    f"a call is the whole file, but only its first frames for <code>{ANCHOR}</code>. Error: the largest, relative to "
    "stored values; 1e-12 stands for anything smaller. A system leads to the graph of all its backends, a backend to "
    "its own.</p>"
)
Values = dict[tuple[str, str], float]  # by system and backend


def graph_link(benchmark: str, *, log: bool = False, **shown: str) -> str:
    """Address of a graph, perhaps with a logarithmic axis; of the parameters given, only this value is drawn.

    asv writes values as Python's repr, and reads the part behind # like a query string.
    """
    chosen = [f"p-{name}={quote(repr(value), safe='')}" for name, value in shown.items()]
    parts = "&".join(chosen + ["y-axis-scale=log"] * log)
    return f"asv/index.html#{quote(benchmark)}" + (f"?{parts}" if parts else "")


def day(milliseconds: int) -> str:
    """HTML of the date, in UTC, of a time in milliseconds since 1970."""
    return f"<time>{datetime.fromtimestamp(milliseconds / 1000, timezone.utc):%Y-%m-%d}</time>"


def _values(merged: Merged, machine: str, commit: str, benchmark: str) -> Values:
    """Results of one benchmark of `Systems` at one commit; skipped and failed ones are left out."""
    values: Values = {}
    for content in merged.files:
        row = content["results"].get(benchmark)
        if row is None or (content["params"]["machine"], content["commit_hash"]) != (machine, commit):
            continue
        cells = dict(zip(content["result_columns"], row, strict=False))
        axes = [[value.strip("'") for value in axis] for axis in cells["params"]]
        pairs = zip(itertools.product(*axes), cells["result"], strict=True)
        values.update({(key[0], key[1]): value for key, value in pairs if value is not None and not math.isnan(value)})
    return values


def _latest(merged: Merged, machine: str) -> dict[str, Any] | None:
    """The newest commit with the table's benchmark on one machine."""
    own = [content for content in merged.files if content["params"]["machine"] == machine]
    return max((c for c in own if SECONDS in c["results"]), key=lambda content: content["date"], default=None)


def tables(merged: Merged) -> str:
    """HTML of one table for each machine, the one with the newest commit first and open."""
    found = [(machine, latest) for machine in merged.machines if (latest := _latest(merged, machine))]
    found.sort(key=lambda pair: -pair[1]["date"])
    sections = ["<h2>The newest commit</h2>"]
    if not found:
        sections.append(f"<p>No commit has results of <code>{SECONDS}</code> yet.</p>")
    for k, (machine, latest) in enumerate(found):
        body = _table(merged, machine, latest["commit_hash"])
        commit = f"Commit <code>{latest['commit_hash'][:8]}</code> of {day(latest['date'])}"
        title = f"{commit} on {_describe(merged, machine)}"
        if k == 0:
            sections.append(f'{INTRODUCTION}<p class="soft">{title}</p>{body}')
        else:
            sections.append(f"<details><summary>{title}</summary>{body}</details>")
    return "\n".join(sections)


def _describe(merged: Merged, machine: str) -> str:
    about = merged.machines[machine]
    known = [str(about[key]) for key in ("cpu", "num_cpu", "os") if about.get(key)]
    if about.get("cpu") and about.get("num_cpu"):
        known[1] += " cores"
    return f"<code>{html.escape(machine)}</code>" + (f" ({html.escape(', '.join(known))})" if known else "")


def _table(merged: Merged, machine: str, commit: str) -> str:
    seconds, memory, error = (_values(merged, machine, commit, name) for name in (SECONDS, MEMORY, ERROR))
    rows, last_system = [], None
    for system, backend in seconds:
        anchor = seconds.get((system, ANCHOR))
        key = (system, backend)
        first = system != last_system
        cells = [
            f"<td>{_link(system, graph_link(SECONDS, log=True, system=system)) if first else ''}</td>",
            f"<td>{_link(backend, graph_link(SECONDS, system=system, backend=backend))}</td>",
            f'<td class="number">{1e3 * seconds[key]:.3g}</td>',
            f'<td class="number">{_times(anchor / seconds[key]) if anchor else "–"}</td>',
            f'<td class="number">{f"{memory[key] / 1e6:.1f}" if key in memory else "–"}</td>',
            f'<td class="number">{f"{error[key]:.0e}" if key in error else "–"}</td>',
        ]
        rows.append(f'<tr class="{"first" if first else "next"}">{"".join(cells)}</tr>')
        last_system = system
    head = "".join(f'<th class="{"number" if k > 1 else "name"}">{name}</th>' for k, name in enumerate(HEADER))
    body = "\n".join(rows)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table></div>'


def _times(ratio: float) -> str:
    """How many times faster; below ten with two digits, so that a slower backend is not "0×" as fast."""
    return f"{ratio:.0f}×" if ratio >= 10 else f"{ratio:.2g}×"


def _link(text: str, address: str) -> str:
    return f'<a href="{html.escape(address)}">{html.escape(text)}</a>'
