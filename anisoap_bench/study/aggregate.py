"""Put the JSON files of runs, of any number of machines, into tables.

Beside --out (one row a file and backend) it writes timings_local.csv and timings_chtc.csv (one row a repeat) and
summary_local.csv. Files that are no runs are named and left out; the exit code is 1 then, and 2 if nothing is left.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from pathlib import Path
from typing import Any

import pandas as pd

from anisoap_bench.errors import CannotMeasure
from anisoap_bench.files import write_whole
from anisoap_bench.study.intervals import median_interval, ratio_interval
from anisoap_bench.study.schema import Document, NotARun, load

CONDITIONS = ["machine", "origin", "commit", "dirty", "software", "threads", "hypers", "file", "system"]
"""Two backends are compared only where all of these are equal."""
SIZES = ["species", "particles_per_frame", "frames", "particles", "pairs", "n_squared"]
KEY = [*CONDITIONS, "backend", *SIZES]
OUTPUT = ["sha256", "sum", "norm", "largest"]
BASELINES = ("reference", "numpy_only")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of ``study aggregate``."""
    parser.add_argument("--inputs", nargs="+", required=True, type=Path, metavar="JSON", help="what `run` wrote")
    parser.add_argument("--out", required=True, type=Path, help="combined_from_metrics.csv; others go beside it")


def main(options: argparse.Namespace) -> int:
    """Write the tables; 1 if an input was left out, CannotMeasure if all were."""
    documents, skipped = read_all(options.inputs)
    for path, reason in skipped:
        print(f"skipped {path}: {reason}", file=sys.stderr)
    if not documents:
        raise CannotMeasure("none of the inputs is a result of `study run`")
    for name, table in tables(documents).items():
        write_table(options.out if name == "combined" else options.out.parent / f"{name}.csv", table)
    return 1 if skipped else 0


def read_all(paths: list[Path]) -> tuple[list[Document], list[tuple[Path, str]]]:
    """Runs, each once although it may be there under two names, and the files that are none with the reason."""
    documents: dict[str, Document] = {}
    skipped = []
    for path in paths:
        try:
            document = load(path)
            documents.setdefault(json.dumps(document, sort_keys=True), {**document, "source": path.name})
        except NotARun as error:
            skipped.append((path, str(error)))
    return list(documents.values()), skipped


def tables(documents: list[Document]) -> dict[str, Any]:
    """The four tables (pandas.DataFrame) by name: combined, timings_local, timings_chtc, summary_local."""
    samples = pd.DataFrame([row for document in documents for row in sample_rows(document)])
    combined = combine(samples)
    per_run = ["peak_memory_bytes", "conversion_seconds", "conversion_share", *OUTPUT]
    timings = samples.drop(columns=per_run)
    return {
        "combined": combined,
        "timings_local": timings[timings["origin"] == "local"],
        "timings_chtc": timings[timings["origin"] == "chtc"],
        "summary_local": combined[combined["origin"] == "local"].drop(columns=per_run),
    }


def sample_rows(document: Document) -> list[dict[str, Any]]:
    """One row a file and repeat, with all that it depends on."""
    job = document["job"] or {"id": None, "repeat": None}
    environment = document["environment"]
    where = {
        "machine": machine_name(environment),
        "origin": document["origin"],
        **environment["git"],
        "software": software(environment),
        "threads": document["threads"]["asked"],
        "threads_agree": not document["threads"]["disagreements"],
        "backend": document["backend"],
        "job": job["id"],
        "job_repeat": job["repeat"],
        "date": environment["date"],
        "source": document["source"],
    }
    rows = []
    for record in document["files"]:
        conversion, output = record["conversion"], record["output"]
        shared = {
            **where,
            "hypers": json.dumps(record["hypers"], sort_keys=True),
            **{name: record[name] for name in ("file", "system", *SIZES)},
            "features": output["shape"][1],
            **{name: output[name] for name in OUTPUT},
            "peak_memory_bytes": record["peak_memory"]["bytes"],
            "conversion_seconds": conversion and conversion["seconds_in"] + conversion["seconds_out"],
            "conversion_share": conversion and conversion["share"],
        }
        times = zip(record["wall_seconds"], record["cpu_seconds"], strict=True)
        rows += [
            {**shared, "repeat": k, "wall_seconds": wall, "cpu_seconds": cpu} for k, (wall, cpu) in enumerate(times)
        ]
    return rows


def write_table(path: Path, table: pd.DataFrame, float_format: str | None = "%.8g") -> None:
    """Write a CSV file, and say so."""
    write_whole(path, table.to_csv(index=False, float_format=float_format, lineterminator="\n"))
    print(f"{path}: {len(table)} rows", file=sys.stderr)


def machine_name(environment: dict[str, Any]) -> str:
    """Processor, cores and system: neutral, and equal for equal machines."""
    cpu = environment["cpu"]
    return f"{cpu['model'] or 'unknown processor'}, {cpu['cores'] or '?'} cores, {environment['os']['system'] or '?'}"


def software(environment: dict[str, Any]) -> str:
    """Python and the libraries that compute."""
    versions = environment["versions"]
    names = [f"{name} {versions[name]}" for name in ("numpy", "scipy", "torch", "numba") if versions.get(name)]
    return ", ".join([f"Python {environment['python']['version']}", *names])


def combine(samples: Any) -> Any:
    """One row a file and backend (and machine, version, threads, hyperparameters, number of frames)."""
    rows = []
    for key, group in samples.groupby(KEY, dropna=False, sort=False):
        wall = group["wall_seconds"]
        low, high = median_interval(list(wall)) or (None, None)
        median = float(wall.median())
        row = {
            **dict(zip(KEY, key, strict=True)),
            "repeats": len(wall),
            "runs": group["source"].nunique(),
            "threads_agree": bool(group["threads_agree"].all()),
            "median_seconds": median,
            "low_seconds": low,
            "high_seconds": high,
            "mean_seconds": float(wall.mean()),
            "std_seconds": float(wall.std()),
            "cpu_median_seconds": float(group["cpu_seconds"].median()),
        }
        for total in ("frames", "particles", "pairs", "n_squared"):
            row[f"seconds_per_{total.removesuffix('s')}"] = median / row[total] if row[total] else None
        for name in ("peak_memory_bytes", "conversion_seconds", "conversion_share", "sum", "norm", "largest"):
            row[name] = group[name].astype(float).median()
        row["sha256"] = group["sha256"].iloc[0] if group["sha256"].nunique() == 1 else "differs"
        rows.append({**row, "samples": list(wall)})
    _add_speedups(rows)
    return pd.DataFrame(rows).drop(columns="samples").sort_values(["machine", "system", "backend"], kind="stable")


def _add_speedups(rows: list[dict[str, Any]]) -> None:
    """Speed-ups against both baselines, with intervals, where a baseline ran under the same conditions.

    Times are divided by the frames. If the baseline ran on another number of them they are divided by the pairs
    instead, as frames differ in size; the column ``…_basis`` says which.
    """
    conditions = [[str(row[field]) for field in CONDITIONS] for row in rows]  # as text, a missing value equals another
    for row, own in zip(rows, conditions, strict=True):
        for name in BASELINES:
            ratio = low = high = basis = None
            found = [one for one, its in zip(rows, conditions, strict=True) if one["backend"] == name and its == own]
            baseline = max(found, key=lambda one: (one["frames"] == row["frames"], one["frames"]), default=None)
            if baseline is not None:
                basis = "frames" if baseline["frames"] == row["frames"] else "pairs"
                theirs, ours = ([time / max(one[basis], 1) for time in one["samples"]] for one in (baseline, row))
                ratio = statistics.median(theirs) / statistics.median(ours)
                if baseline is not row and (interval := ratio_interval(theirs, ours)):
                    low, high = min(interval[0], ratio), max(interval[1], ratio)
            row.update({f"speedup_{name}": ratio, f"speedup_{name}_low": low, f"speedup_{name}_high": high})
            row.update({f"{name}_frames": baseline and baseline["frames"], f"{name}_basis": basis})
