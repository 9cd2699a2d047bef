"""Traces by Torch's own profiler."""

from __future__ import annotations

import gzip
import json
import os
import tempfile
from pathlib import Path

from anisoap_bench.errors import CannotMeasure
from anisoap_bench.files import write_whole
from anisoap_bench.study.workload import Load, make_calculator
from benchmarks import measure

TOP = 12
"""Operators that a report lists."""
LARGEST = 1_000_000
"""Bytes of a trace that is written as it is; a longer one is compressed."""


def run_torch(load: Load, logs: Path) -> str:
    """Write ``torch_SYSTEM_BACKEND.json``, for chrome://tracing or Perfetto, and report the costliest operators.

    Raises
    ------
    CannotMeasure
        If the backend doesn't use Torch.
    """
    if not load.backend.startswith("torch"):
        raise CannotMeasure(f"--tool torch needs the backend torch_mixed or torch_full, got {load.backend}")
    os.environ.setdefault("KINETO_LOG_LEVEL", "99")  # else Torch's profiler says on stderr that it starts and stops
    from torch.profiler import ProfilerActivity, profile

    load.calculator.power_spectrum(load.frames)
    measure.pin_threads(1)
    with profile(activities=[ProfilerActivity.CPU]) as profiler:
        make_calculator(load.backend, load.hypers).power_spectrum(load.frames)
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / "trace.json"
        profiler.export_chrome_trace(str(raw))
        events = json.loads(raw.read_text())["traceEvents"]  # without the machine's and the files' names
    content = json.dumps({"traceEvents": events}, separators=(",", ":")).encode()
    path = logs / f"torch_{load.system}_{load.backend}.json"
    if len(content) > LARGEST:
        path, content = path.with_name(path.name + ".gz"), gzip.compress(content, mtime=0)
    write_whole(path, content)
    operators = profiler.key_averages().table(sort_by="self_cpu_time_total", row_limit=TOP)
    return f"{load.title}\n\n{operators}\nwrote {path}"
