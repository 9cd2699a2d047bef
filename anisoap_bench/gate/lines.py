"""Which lines of the package hold memory when a call needs most: copied beside the worker, which runs it.

Only what Python and NumPy allocate is seen, as tracemalloc sees it, and only at the moments at which a function of
Python or C is called or returns.
"""

from __future__ import annotations

import gc
import linecache
import os
import sys
import tracemalloc
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

Line = tuple[str, int, str, int]  # file, number, text, bytes

FRAMES = 12
"""As deep as that, the stack of an allocation is searched for a line of the package."""
RISE = 1.02
"""What is held is looked at whenever it is so much more than at the last look."""
SMALLEST = 4096
"""Bytes; lines that hold less are left out."""


def at_peak(call: Callable[[], Any], folder: Path) -> list[Line]:
    """Lines of files below a folder that hold memory near the highest point of a call, most first.

    An allocation counts for the innermost line of these files that led to it, and is left out if there is none. What
    was there before the call is not seen.
    """
    gc.collect()
    tracemalloc.start(1)
    call()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    most, held_by = peak / 2, Counter[tuple[str, int]]()

    def look(*event: Any) -> None:
        nonlocal most, held_by
        held, _ = tracemalloc.get_traced_memory()
        if held > most:
            most = RISE * held
            held_by = _held(folder)

    gc.collect()
    tracemalloc.start(FRAMES)
    sys.setprofile(look)
    try:
        call()
    finally:
        sys.setprofile(None)
        tracemalloc.stop()
    return [
        (str(Path(file).relative_to(folder)), number, linecache.getline(file, number).strip(), size)
        for (file, number), size in held_by.most_common()
        if size >= SMALLEST
    ]


def _held(folder: Path) -> Counter[tuple[str, int]]:
    """Bytes held now by each line, (file, number)."""
    sizes: Counter[tuple[str, int]] = Counter()
    below = f"{folder}{os.sep}"
    for trace in tracemalloc.take_snapshot().traces:
        ours = [frame for frame in trace.traceback if frame.filename.startswith(below)]
        if ours:
            sizes[ours[-1].filename, ours[-1].lineno] += trace.size  # the innermost comes last
    return sizes
