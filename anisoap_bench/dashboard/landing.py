"""The landing page: what this is, how much was measured, the current tables, and links into asv's graphs."""

from __future__ import annotations

import html
import itertools
import shutil
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path
from string import Template

from anisoap_bench.asv_files import Json
from anisoap_bench.dashboard.changes import changes
from anisoap_bench.dashboard.load import LOADED
from anisoap_bench.dashboard.merge import Merged
from anisoap_bench.dashboard.tables import day, graph_link, link, tables

HERE = Path(__file__).resolve().parent


def write(site: Path, recordings: Path, merged: Merged, config: Json, licenses: str) -> None:
    """Write ``index.html`` beside asv's pages and, if it is there, the documentation."""
    page = Template((HERE / "landing.html").read_text(encoding="utf-8")).substitute(
        project=html.escape(config["project"]),
        counts=_counts(merged),
        more_links="\n".join(_more_links(site)),
        changes=changes(recordings, merged, config["show_commit_url"]),
        tables=tables(merged),
        graphs=_graphs(merged),
        licenses=licenses,
        published=datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
    )
    (site / "index.html").write_text(page, encoding="utf-8")
    for file in metadata.files("asv") or []:
        if file.name == "LICENSE.rst":
            shutil.copyfile(str(file.locate()), site / "asv" / "LICENSE.rst")


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _counts(merged: Merged) -> str:
    dates = merged.commits.values()
    span = " to ".join(dict.fromkeys([day(min(dates)), day(max(dates))]))
    benchmarks = _number(len(merged.benchmarks), "benchmark")
    machines = _number(len({name.removesuffix(LOADED) for name in merged.machines}), "machine")
    return f"{_number(len(merged.commits), 'commit')} ({span}) × {benchmarks} × {machines}"


def _more_links(site: Path) -> list[str]:
    candidates = {
        "docs/index.html": "Documentation",
        "docs/gate.html": "The pull-request gate",
        "gate-calibration.json": "Gate calibration",
    }
    return [f'<a href="{path}">{text}</a>' for path, text in candidates.items() if (site / path).is_file()]


def _graphs(merged: Merged) -> str:
    """Links to all benchmarks, one item for each class or module."""
    items = []
    for group, names in itertools.groupby(merged.benchmarks, key=lambda name: name.rpartition(".")[0]):
        links = [link(name.rpartition(".")[2], graph_link(name)) for name in names]
        items.append(f"<li>{html.escape(group)}: {', '.join(links)}</li>")
    return "<ul>\n" + "\n".join(items) + "\n</ul>"
