"""What each benchmark measures, as a checksum: ``python -m benchmarks.versions`` writes ``versions.json``.

asv drops the results of an older version of a benchmark from its graphs. So a change of what is measured needs a new
`version`, else old and new numbers stand side by side as if they were comparable; a test compares this file with the
code. The checksum covers the frames, hyperparameters, parameters and stored values, and the source of the class, of its
bases and of the functions in SHARED, without comments, docstrings and layout. It does not cover which backends there
are: one more changes nothing of what the others' numbers mean. It is the same on every system and Python.
"""

from __future__ import annotations

import ast
import hashlib
import importlib
import inspect
import itertools
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import common, measure, stored_values

FILE = Path(__file__).with_name("versions.json")
MODULES = ("cases", "descriptors", "frames", "precision", "reading", "scaling", "starting")
BACKENDS = ("reference", "numpy_only")
"""Stand for all: `reference` is given less to do here and there, the others are all given the same."""
SHARED = (
    common.calculator,
    common.method_of,
    measure.median_time,
    measure.peak_memory,
    measure._peak_memory,
    measure.pin_threads,
    stored_values.blocks,
    stored_values.largest_error,
)
"""Functions on the way to a number that belong to no benchmark's class."""
Entries = dict[str, dict[str, str]]  # version and checksum by name of the benchmark


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


def axes(benchmark: type) -> list[tuple[Any, ...]]:
    """Values of each parameter, with BACKENDS for that of the backend."""
    named = zip(benchmark.param_names, benchmark.params, strict=True)
    return [BACKENDS if name == "backend" else values for name, values in named]


def works(benchmark: type) -> Iterator[common.Work]:
    """What a benchmark does for each combination of `axes`; nothing for one that is no `Measured`."""
    if not issubclass(benchmark, common.Measured):
        return
    for values in itertools.product(*axes(benchmark)):
        try:
            yield benchmark().work(*values)
        except NotImplementedError:
            continue


def checksum(benchmark: type) -> str:
    """Of what a benchmark measures and how; one that is no `Measured` names its data by a method `inputs`."""
    digest = hashlib.sha256()
    bases = [base for base in benchmark.__mro__ if base.__module__.startswith("benchmarks.")]
    for item in (*bases, *(SHARED if issubclass(benchmark, common.Measured) else ())):
        digest.update(repr(bare(ast.parse(inspect.getsource(item)))).encode())
    digest.update(repr((axes(benchmark), common.SMALLEST_ERROR, common.SMALLEST_MEMORY)).encode())
    references = set()
    for work in works(benchmark):
        fields = {**vars(work), "frames": _frames_digest(work.frames)}
        digest.update(repr([sorted(one.items()) if isinstance(one, dict) else one for one in fields.values()]).encode())
        references.add(work.reference)
    for name, values in sorted(stored_values.stored().items()):
        if name.split("/")[0] in references:
            digest.update(name.encode() + np.asarray(values, "<f8").tobytes())
    digest.update(repr(getattr(benchmark, "inputs", list)()).encode())
    return digest.hexdigest()[:16]


def bare(code: Any) -> Any:
    """A syntax tree as lists and tuples: no comments, docstrings and layout, nor what only some Pythons have in it."""
    if isinstance(code, list):
        return [bare(one) for one in code if not (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant))]
    if isinstance(code, ast.AST):
        return type(code).__name__, [(name, bare(one)) for name, one in ast.iter_fields(code) if one not in (None, [])]
    return code


def _frames_digest(frames: list[Any]) -> str:
    """Of the arrays, rounded: the last bits of a root or a sum are the machine's."""
    digest = hashlib.sha256()
    for frame in frames:
        digest.update(repr((len(frame), frame.pbc.tolist(), sorted(frame.arrays))).encode())
        for array in (*(frame.arrays[name] for name in sorted(frame.arrays)), frame.cell[:]):
            digest.update(np.round(np.asarray(array, dtype="<f8") * 1e6).astype("<i8").tobytes())
    return digest.hexdigest()


def current() -> Entries:
    """Version and checksum of every benchmark class, as the code has them."""
    return {name_of(one): {"version": one.version, "checksum": checksum(one)} for one in classes()}


def stored() -> Entries:
    """Version and checksum of every benchmark class, as last written."""
    return json.loads(FILE.read_text()) if FILE.exists() else {}


def unannounced(now: Entries, before: Entries) -> list[str]:
    """Benchmarks that measure something else than before, under the same version."""
    kept = [name for name in now if name in before and now[name]["version"] == before[name]["version"]]
    return [name for name in kept if now[name] != before[name]]


def main(arguments: Sequence[str] = ()) -> int:
    """Write the file; 1 without writing if something changed under its old version, unless it means the same."""
    now = current()
    changed = unannounced(now, stored())
    if changed and "--same-meaning" not in arguments:
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
