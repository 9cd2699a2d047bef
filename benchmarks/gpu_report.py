"""What the measurements on a GPU share: a report that loses nothing, and times of work that runs asynchronously."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


class Report:
    """Results by part, written to a file after every part, within a budget of time."""

    def __init__(self, path: Path | None, seconds: float) -> None:
        self.path, self.end = path, time.monotonic() + seconds
        self.parts: dict[str, Any] = {}

    def part(self, name: str, measured: Callable[..., Any], *arguments: Any, expected: float = 0.0) -> Any:
        """Call one part's function unless less than the `expected` seconds are left; its result, or None."""
        begin = time.monotonic()
        result = None
        if begin + expected > self.end:
            self.parts[name] = {"skipped": f"{self.end - begin:.0f} s left, {expected:.0f} s expected"}
        else:
            try:
                result = measured(*arguments)
                self.parts[name] = result.summary() if hasattr(result, "summary") else result
            except Exception as error:  # one failure does not lose the rest
                self.parts[name] = {"error": f"{type(error).__name__}: {error}"[:2000]}
        print(f"{time.monotonic() - begin:6.1f} s  {name}: {json.dumps(self.parts[name])[:300]}", flush=True)
        if self.path is not None:
            self.path.write_text(json.dumps(self.parts, indent=1))
        return result


def command_line(description: str | None, seconds: float) -> tuple[str, bool, Report]:
    """The device, whether the sizes are those of a test, and an empty report, as the command line asks for."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--seconds", type=float, default=seconds)
    parser.add_argument("--tiny", action="store_true", help="sizes for a test")
    options = parser.parse_args()
    return options.device, options.tiny, Report(options.out, options.seconds)


def synchronize(device: str) -> None:
    """Wait until the device has done what it was given."""
    if device != "cpu":
        sys.modules["torch"].cuda.synchronize()


def seconds_per_call(call: Callable[[], Any], device: str, least: float) -> float:
    """Mean time of a call among so many that they take `least` seconds together, waited for once, after a warm-up."""
    call()
    synchronize(device)
    count = 1
    while True:
        begin = time.perf_counter()
        for _ in range(count):
            call()
        synchronize(device)
        passed = time.perf_counter() - begin
        if passed > least or count >= 1000:
            return passed / count
        count = min(1000, max(count + 1, int(1.3 * count * least / max(passed, 1e-6))))
