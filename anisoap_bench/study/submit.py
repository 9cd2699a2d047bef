"""``study submit``: the files that send the study to an HTCondor pool, and what its jobs need there.

Every job measures one system with one backend on one processor, in a scratch folder that holds nothing but what is
transferred: the program (`run_job.sh`), this checkout (`project.tar.gz`) and a Python (`environment.tar.gz`, or a
container's). Its result comes back as one JSON file, which `aggregate` puts into ``timings_chtc.csv``.
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
import re
import tarfile
from collections.abc import Sequence
from pathlib import Path

from anisoap_bench.errors import CannotMeasure
from anisoap_bench.files import write_whole
from anisoap_bench.study.options import positive
from benchmarks import workloads
from benchmarks.backends import BACKENDS
from benchmarks.environment import ROOT, environment

PROJECT = "project.tar.gz"
FOLDERS = ("anisoap_bench", "anisoap_opt", "benchmarks", "scripts")
"""What a job runs, beside the data."""


def files(
    systems: Sequence[str] = workloads.SYSTEMS,
    backends: Sequence[str] = BACKENDS,
    repeats: int = 3,
    container: str | None = None,
) -> dict[str, str]:
    """Names and contents of what is submitted: the files of ``submit/``, with other jobs or for a container.

    Parameters
    ----------
    systems, backends : sequence of str
    repeats : int
        Jobs of each system and backend, to see how much machines of the pool differ.
    container : str, optional
        An image that has Python and what the package needs; without it ``environment.tar.gz`` is transferred.
    """
    description, program, readme = (
        (ROOT / "submit" / name).read_text(encoding="utf-8") for name in ("anisoap.sub", "run_job.sh", "README.md")
    )
    # Whatever it was written for before.
    universe = f"container\ncontainer_image = {container}" if container else "vanilla"
    lines = re.compile("^universe = .*\n(container_image = .*\n)?", re.MULTILINE)
    description = lines.sub(lambda _: f"universe = {universe}\n", description)
    inputs = f"transfer_input_files = {PROJECT}" + ("" if container else ", environment.tar.gz")
    description = re.sub("^transfer_input_files = .*", inputs, description, flags=re.MULTILINE)
    jobs = [f"{system} {backend} {repeat}\n" for system in systems for backend in backends for repeat in range(repeats)]
    return {"anisoap.sub": description, "jobs.txt": "".join(jobs), "run_job.sh": program, "README.md": readme}


def project(systems: Sequence[str] = workloads.SYSTEMS) -> bytes:
    """The archive of this checkout that a job unpacks: programs, data, and which commit they are.

    It is the same to the last byte for the same files.
    """
    paths = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*")) if _wanted(path)]
    contents = {str(path.relative_to(ROOT)): path.read_bytes() for path in paths}
    for system in systems:
        path = workloads.data_folder() / f"{system}.xyz"
        if not path.is_file():
            raise CannotMeasure(f"no such file: {path}")
        contents[f"data/{system}.xyz"] = path.read_bytes()
    contents["commit.json"] = json.dumps(environment()["git"]).encode()
    packed = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as compressed,
        tarfile.open(fileobj=compressed, mode="w") as archive,
    ):
        for name, content in contents.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            entry.mode = 0o644
            archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def _wanted(path: Path) -> bool:
    return path.is_file() and path.suffix in (".py", ".json", ".typed") and "__pycache__" not in path.parts


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of ``study submit``."""
    parser.add_argument("--out", type=Path, help="folder to write; printed if not given")
    parser.add_argument("--inputs", action="store_true", help=f"also pack {PROJECT}, which the jobs need")
    parser.add_argument("--systems", nargs="+", choices=workloads.SYSTEMS, default=list(workloads.SYSTEMS))
    parser.add_argument("--backends", nargs="+", choices=list(BACKENDS), default=list(BACKENDS))
    parser.add_argument("--repeats", type=positive, default=3, help="jobs of each system and backend (default: 3)")
    parser.add_argument("--container", help="image that brings Python, instead of environment.tar.gz")


def main(options: argparse.Namespace) -> int:
    """Write or print the files."""
    if options.inputs and options.out is None:
        raise CannotMeasure("--inputs needs --out")
    written = files(options.systems, options.backends, options.repeats, options.container)
    if options.out is None:
        print("\n".join(f"==> {name} <==\n{content}" for name, content in written.items()))
        return 0
    if options.out.exists() and not options.out.is_dir():
        raise CannotMeasure(f"--out is no folder: {options.out}")
    for name, content in written.items():
        write_whole(options.out / name, content)
    (options.out / "run_job.sh").chmod(0o755)
    if options.inputs:
        write_whole(options.out / PROJECT, project(options.systems))
    print(f"wrote {', '.join([*written, *([PROJECT] if options.inputs else [])])} to {options.out}")
    return 0
