"""Time files with one backend: every sample, counts, memory and environment as one JSON document.

Without --out it is printed. Progress and warnings go to the standard error stream.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from anisoap_bench.files import check_writable, write_whole
from anisoap_bench.study.options import add_data, add_hypers, data_folder, positive
from benchmarks import measure


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of ``study run``."""
    parser.add_argument("--files", nargs="+", required=True, metavar="FILE", help="names within the folder of --data")
    add_data(parser)
    parser.add_argument("--out", type=Path, help="JSON file; printed if not given")
    parser.add_argument("--backend", help="$ANISOAP_BACKEND, else the fastest one installed")
    parser.add_argument("--frames", type=positive, help="only the first ones of each file")
    parser.add_argument("--repeats", type=positive, default=7, help="timed calls of each file, 7 unless given")
    add_hypers(parser)
    parser.add_argument("--threads", type=positive, default=1, help="of every pool, 1 unless given")
    parser.add_argument("--origin", choices=("local", "chtc"), default="local", help="where this runs")
    parser.add_argument("--job", help="name of the cluster job")
    parser.add_argument("--repeat-index", type=int, help="which repeat of the job this is")


def main(options: argparse.Namespace) -> int:
    """Measure and write; nothing is written unless all of it worked."""
    if options.out is not None:
        check_writable(options.out)
    measure.pin_threads(options.threads)
    from anisoap_bench.study.measuring import measure_loads  # after pinning: this loads NumPy and its BLAS
    from anisoap_bench.study.workload import read_load

    folder = data_folder(options)
    loads = [read_load(folder / name, options.backend, options.frames, options.hypers) for name in options.files]
    document = measure_loads(loads, threads=options.threads, repeats=options.repeats)
    document["origin"] = options.origin
    if options.job is not None or options.repeat_index is not None:
        document["job"] = {"id": options.job, "repeat": options.repeat_index}
    for difference in document["threads"]["disagreements"]:
        print(f"warning: {difference}", file=sys.stderr)
    text = json.dumps(document, indent=1, allow_nan=False) + "\n"
    if options.out is None:
        sys.stdout.write(text)
        return 0
    write_whole(options.out, text)
    print(f"{options.out}: {len(options.files)} files, backend {document['backend']}", file=sys.stderr)
    return 0
