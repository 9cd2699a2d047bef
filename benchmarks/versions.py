"""What each benchmark measures, as a checksum: ``python -m benchmarks.versions`` writes ``versions.json``.

asv drops the results of an older version of a benchmark from its graphs. So a change of what is measured needs a new
`version`, else old and new numbers stand side by side as if they were comparable; a test compares this file with the
code. The checksum covers the frames, hyperparameters, parameters and stored values, and the source of the class, of its
bases and of the functions in SHARED, without comments, docstrings and white space. It is the same on every system and
Python.
"""

from __future__ import annotations

import ast
import hashlib
import importlib
import inspect
import io
import itertools
import json
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import common, measure, reference_values, workloads

FILE = Path(__file__).with_name("versions.json")
MODULES = ("descriptors", "frames", "precision", "scaling", "starting")
SHARED = (
    common.calculator,
    common.synchronize,
    measure.median_time,
    measure.peak_memory,
    measure._peak_memory,
    measure.pin_threads,
    reference_values.descriptors,
    reference_values.largest_error,
)
"""Functions on the way to a number that belong to no benchmark's class."""


def classes() -> Iterator[type]:
    """The benchmark classes, in order."""
    for name in MODULES:
        module = importlib.import_module(f"benchmarks.{name}")
        for member in vars(module).values():
            if inspect.isclass(member) and member.__module__ == module.__name__ and hasattr(member, "version"):
                yield member


def name_of(benchmark: type) -> str:
    """As in asv's results: module and class."""
    return f"{benchmark.__module__.split('.', 1)[1]}.{benchmark.__name__}"


def works(benchmark: type) -> Iterator[common.Work]:
    """What a benchmark does for each combination of its parameters; nothing for one that is no `Measured`."""
    if not issubclass(benchmark, common.Measured):
        return
    for values in itertools.product(*benchmark.params):
        try:
            yield benchmark().work(*values)
        except NotImplementedError:
            continue


def checksum(benchmark: type) -> str:
    """Of what a benchmark measures and how."""
    digest = hashlib.sha256()
    bases = [base for base in benchmark.__mro__ if base.__module__.startswith("benchmarks.")]
    for item in (*bases, *(SHARED if issubclass(benchmark, common.Measured) else ())):
        digest.update(bare_source(inspect.getsource(item)).encode())
    digest.update(repr((benchmark.params, common.SMALLEST_ERROR, common.SMALLEST_MEMORY)).encode())
    for work in works(benchmark):
        rest = (work.backend, sorted(work.hypers.items()), work.method, work.units, work.threads)
        digest.update(repr((*rest, work.reference, work.reference_frames)).encode())
        digest.update(_frames_digest(work.frames))
    for name, values in reference_values.stored_for({work.reference for work in works(benchmark)}):
        digest.update(name.encode())
        digest.update(np.asarray(values, "<f8").tobytes())
    if name_of(benchmark) == "starting.FirstCall":
        digest.update(repr(sorted(workloads.HYPERS["(6, None)"].items())).encode())
    if name_of(benchmark) == "frames.Reading":
        for system in benchmark.params[0]:
            digest.update((workloads.data_folder() / f"{system}.xyz").read_bytes())
    return digest.hexdigest()[:16]


def bare_source(source: str) -> str:
    """Source without comments, docstrings and white space, the same for every version of Python's tokenizer."""
    lines = source.splitlines(keepends=True)
    spans = [
        (token.start, token.end)
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.COMMENT
    ]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            begin = len(lines[node.lineno - 1].encode()[: node.col_offset].decode())
            end = len(lines[node.end_lineno - 1].encode()[: node.end_col_offset].decode())
            spans.append(((node.lineno, begin), (node.end_lineno, end)))
    starts = [0, *itertools.accumulate(len(line) for line in lines)]
    for (first, begin), (last, end) in sorted(spans, reverse=True):
        source = source[: starts[first - 1] + begin] + source[starts[last - 1] + end :]
    return "".join(source.split())


def _frames_digest(frames: list[Any]) -> bytes:
    """Of the arrays, rounded: the last bits of a root or a sum are the machine's."""
    digest = hashlib.sha256()
    for frame in frames:
        digest.update(repr((len(frame), frame.pbc.tolist(), sorted(frame.arrays))).encode())
        for name in sorted(frame.arrays):
            digest.update(_rounded(frame.arrays[name]))
        digest.update(_rounded(frame.cell[:]))
    return digest.digest()


def _rounded(array: np.ndarray) -> bytes:
    return np.round(np.asarray(array, dtype="<f8") * 1e6).astype("<i8").tobytes()


def current() -> dict[str, dict[str, str]]:
    """Version and checksum of every benchmark class, as the code has them."""
    return {name_of(one): {"version": one.version, "checksum": checksum(one)} for one in classes()}


def stored() -> dict[str, dict[str, str]]:
    """Version and checksum of every benchmark class, as last written."""
    return json.loads(FILE.read_text()) if FILE.exists() else {}


def unannounced(now: dict[str, dict[str, str]], before: dict[str, dict[str, str]]) -> list[str]:
    """Benchmarks that measure something else than before, under the same version."""
    return [
        name
        for name, entry in now.items()
        if name in before
        and entry["version"] == before[name]["version"]
        and entry["checksum"] != before[name]["checksum"]
    ]


def main(arguments: list[str]) -> int:
    """Write the file; 1 without writing if something changed under its old version, 2 for unknown arguments."""
    if set(arguments) - {"--same-meaning"}:
        print("usage: python -m benchmarks.versions [--same-meaning]", file=sys.stderr)
        return 2
    now = current()
    changed = unannounced(now, stored())
    if changed and not arguments:
        print(
            f"changed under the same version: {', '.join(changed)}.\nGive each a new `version` and run this again; or,"
            " if old and new numbers still mean the same, run it with --same-meaning and say why in the commit.",
            file=sys.stderr,
        )
        return 1
    FILE.write_text(json.dumps(now, indent=1, sort_keys=True) + "\n")
    print(f"{FILE.name}: {len(now)} benchmarks")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
