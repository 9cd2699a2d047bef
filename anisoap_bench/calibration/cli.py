"""Record equal builds and slower ones, replay the gate's decision on the recording, publish how often it is wrong."""

from __future__ import annotations

import argparse
import gzip
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from anisoap_bench.calibration.plant import plant
from anisoap_bench.calibration.recording import BASE, PLANTED, TWIN, load_on, read, record
from anisoap_bench.calibration.replay import replay
from anisoap_bench.calibration.table import LOADS, entry, missed, table
from anisoap_bench.errors import CannotMeasure
from anisoap_bench.files import write_whole
from anisoap_bench.gate import drive
from anisoap_bench.gate.build import build, export
from anisoap_bench.gate.pairs import Values, measure_pair
from anisoap_bench.gate.process import interruptible, versions
from anisoap_bench.gate.suite import prepare_suite
from anisoap_bench.git import changed_files, commit_of
from anisoap_bench.terminal import echo, not_negative, note
from benchmarks.measure import machine

ROOT = Path(__file__).resolve().parents[2]
RECORDINGS = ROOT / ".gate" / "calibration"
RESULTS = ROOT / "results" / "gate"
LOAD = "other-core: keep another core busy meanwhile; other-work: you did other work on the machine meanwhile"
NAME = "of the recording, .gate/calibration/NAME.jsonl, which is continued if it is there, or a published one to replay"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of ``calibrate``."""
    parser.add_argument("--name", default="quiet", help=NAME)
    parser.add_argument("--minutes", type=not_negative, default=60.0, help="time to record (default: 60)")
    parser.add_argument("--core", type=int, help="core that is measured on; the last one unless given")
    parser.add_argument("--load", choices=list(LOADS), default="none", help=LOAD)
    parser.add_argument(
        "--planted-every", type=int, default=3, help="in every so many blocks, one has a slower head; 0: none"
    )
    parser.add_argument("--replay-only", action="store_true", help="record nothing")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder for calibration.json and calibration.md")


def main(options: argparse.Namespace) -> int:
    """Record and publish; 1 if a rate is worse than is meant, by more than chance were all trials independent."""
    path = RECORDINGS / f"{options.name}.jsonl"
    if options.replay_only and not path.exists() and (RESULTS / f"{options.name}.jsonl.gz").exists():
        path = RESULTS / f"{options.name}.jsonl.gz"  # a published one
    if not options.replay_only:
        try:
            with interruptible():
                _record(path, options)
        except KeyboardInterrupt:
            note(f"interrupted; what was recorded is in {path.relative_to(ROOT)}")
            return 2
    text, worse = publish(path, options.out)
    echo(text)
    for line in worse:
        note(f"target missed: {line}")
    return 1 if worse else 0


def publish(path: Path, out: Path) -> tuple[str, list[str]]:
    """Replay one recording, put its rates beside those of the others in calibration.json, and write the table.

    The recording is published with them, so that anyone can replay it. Gives the table, and targets that are missed.
    """
    recording = read(path)
    file = out / "calibration.json"
    try:
        entries: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    except ValueError as error:
        raise CannotMeasure(f"{file} is not JSON: {error}") from error
    rates = replay(recording)
    name = path.name.removesuffix(".gz").removesuffix(".jsonl")
    entries[name] = entry(recording, rates)
    text = table(entries)
    write_whole(file, json.dumps(entries, indent=1, sort_keys=True) + "\n")
    write_whole(out / "calibration.md", text)
    if path.suffix != ".gz":
        write_whole(out / f"{name}.jsonl.gz", gzip.compress(path.read_bytes(), mtime=0))
    return text, missed(rates)


def _record(path: Path, options: argparse.Namespace) -> None:
    if options.planted_every < 0 or options.planted_every == 1:
        raise CannotMeasure(f"--planted-every has to be 0, or 2 and more, got {options.planted_every}")
    core = drive.core_to_use(options.core)
    commit = commit_of("HEAD", ROOT)
    if changes := changed_files(ROOT):
        raise CannotMeasure(f"there are changes that are not committed ({', '.join(changes)}): commit them")
    conditions = {"commit": commit, "versions": versions(), "machine": machine(), "core": core, "load": options.load}
    with tempfile.TemporaryDirectory(prefix="calibration-") as folder, load_on(_other_core(core, options.load)):
        source = export(ROOT, commit, Path(folder) / "source")
        suite = prepare_suite(source, Path(folder) / "suite")
        builds = {name: build(source, commit, Path(folder) / name) for name in (BASE, TWIN)}
        builds |= {name: plant(builds[BASE], name, factor) for name, factor in PLANTED.items()}
        for each in builds.values():
            note(f"warming up {each.name}")
            drive.warm_up([each], suite, core=core)

        def measure(head: str, swapped: bool) -> Values:
            return measure_pair(builds[BASE], builds[head], suite, core, None, swapped=swapped)

        note(f"recording {path.relative_to(ROOT)} for {options.minutes:g} minutes")
        record(path, conditions, measure, minutes=options.minutes, every=options.planted_every)


def _other_core(core: int | None, load: str) -> int | None:
    """A core for the load; None for no load of ours."""
    if load != "other-core":
        return None
    others = sorted(os.sched_getaffinity(0) - {core}) if hasattr(os, "sched_getaffinity") else []
    if not others:
        raise CannotMeasure("there is no other core to keep busy, or this system cannot pin processes")
    return others[0]
