"""README.md of a results folder: what was measured, on what, and the answers as sentences."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path

from anisoap_bench.study.aggregate import machine_name, software
from benchmarks.environment import environment
from benchmarks.table import markdown

ABOUT = {
    "tables/combined_from_metrics.csv": "one row a file and backend: times, memory, conversions, checksums, speed-ups",
    "tables/summary_local.csv": "medians, means, intervals and speed-ups of the runs on this machine",
    "tables/timings_local.csv": "every repeat on this machine",
    "tables/timings_chtc.csv": "every repeat of cluster jobs; only a header if there were none",
    "tables/scaling.csv": "every sample of the scaling experiments",
    "tables/scaling_summary.csv": "exponents and ratios with their intervals",
    "tables/stages.csv": "time of each stage of a calculation",
    "tables/validation.csv": "descriptors checked: each number with its limit",
    "figures": "each figure as PNG and SVG; call graphs as PNG",
    "logs": "profiles, flame graph, traces, and what the commands printed",
}


def results_readme(folder: Path, quick: bool, failed: Sequence[str] = ()) -> str:
    """Text in Markdown, from the files that are in the folder now; `failed` are titles of steps."""
    now = environment()
    commit = now["git"]["commit"]
    state = "" if not now["git"]["dirty"] else ", with changes that are not committed"
    files = [[f"`{name}`", what] for name, what in ABOUT.items() if (folder / name).exists()]
    lines = [
        "# Results of the study",
        "",
        "Made by `make study`; every run replaces this folder's files. `docs/study.md` says how to read them.",
        "",
        *(["**Quick run: it shows that the commands work; its numbers mean nothing.**", ""] if quick else []),
        *([f"**Failed, so that their files are missing or older: {', '.join(failed)}.**", ""] if failed else []),
        f"- Machine: {machine_name(now)} ({now['os']['name'] or 'unknown system'}, {now['os']['architecture']})",
        f"- Software: {software(now)}",
        f"- Commit: {commit or 'unknown'}{state}",
        f"- Date: {datetime.now(timezone.utc):%Y-%m-%d}",
        "- Threads: 1",
        *_frames(folder),
        "",
        markdown(["file", "what it holds"], files, padded=False),
        "",
    ]
    scaling = folder / "logs" / "scaling.txt"
    if scaling.is_file():
        lines += ["## How the time grows", ""]
        lines += [f"- {line}" for line in scaling.read_text(encoding="utf-8").splitlines() if line]
        lines.append("")
    return "\n".join(lines)


def _frames(folder: Path) -> list[str]:
    """How many frames each backend computed."""
    table = folder / "tables" / "combined_from_metrics.csv"
    if not table.is_file():
        return []
    import pandas as pd

    frames = pd.read_csv(table).groupby("backend", sort=False)["frames"].unique()
    return [f"- Frames, {backend}: {', '.join(map(str, sorted(counts)))}" for backend, counts in frames.items()]
