"""``study submit``: the list of jobs that send the study to an HTCondor pool, and the archive that they need there.

Every job measures one system with one backend on one processor, in a scratch folder that holds nothing but what is
transferred: the program (`run_job.sh`), this checkout (`project.tar.gz`) and a Python (`environment.tar.gz`). Its
result comes back as one JSON file, which `aggregate` puts into ``timings_chtc.csv``.
"""

from __future__ import annotations

import argparse
import io
import json
import shutil
import tarfile
from pathlib import Path

from anisoap_bench.errors import CannotMeasure
from anisoap_bench.files import write_whole
from anisoap_bench.terminal import positive
from benchmarks import workloads
from benchmarks.backends import BACKENDS
from benchmarks.environment import ROOT, environment

FOLDERS = ("anisoap_bench", "anisoap_opt", "benchmarks", "scripts")
"""What a job runs, beside the data."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of ``study submit``."""
    parser.add_argument("--out", type=Path, default=ROOT / "submit", help="folder to write (default: submit/)")
    parser.add_argument("--repeats", type=positive, default=3, help="jobs of each system and backend (default: 3)")


def main(options: argparse.Namespace) -> int:
    """Write jobs.txt and project.tar.gz; into another folder than submit/ the files beside them too."""
    jobs = [f"{system} {backend} {repeat}\n" for system in workloads.SYSTEMS for backend in BACKENDS
            for repeat in range(options.repeats)]  # fmt: skip
    write_whole(options.out / "jobs.txt", "".join(jobs))
    for name in ("anisoap.sub", "run_job.sh", "README.md"):
        if not (options.out / name).exists():
            shutil.copy(ROOT / "submit" / name, options.out)
    pack(options.out / "project.tar.gz")
    print(f"{options.out}: jobs.txt, {len(jobs)} jobs, and project.tar.gz")
    return 0


def pack(path: Path) -> None:
    """Write the archive that a job unpacks: programs, data, and which commit they are."""
    data = [workloads.data_folder() / f"{system}.xyz" for system in workloads.SYSTEMS]
    if missing := [str(one) for one in data if not one.is_file()]:
        raise CannotMeasure(f"no such file: {', '.join(missing)}")
    commit = json.dumps(environment()["git"]).encode()
    about = tarfile.TarInfo("commit.json")
    about.size = len(commit)
    with tarfile.open(path, "w:gz") as archive:
        for folder in FOLDERS:
            archive.add(ROOT / folder, folder, filter=lambda one: None if "__pycache__" in one.name else one)
        for one in data:
            archive.add(one, f"data/{one.name}")
        archive.addfile(about, io.BytesIO(commit))
