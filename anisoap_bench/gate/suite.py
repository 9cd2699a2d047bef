"""The benchmark files of a source tree: a copy that both builds are measured with, and the names in it."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from anisoap_bench.errors import CannotMeasure
from anisoap_bench.gate.process import environment, run
from anisoap_bench.gate.worker import STAGE_SIGN, name_of

INPUTS = "frames.pickle"
SCRIPTS = ("worker.py", "turns.py", "lines.py", "descriptors.py")


def prepare_suite(root: Path, folder: Path) -> Path:
    """Copy head's benchmark files, and write the frames that they use, into a new folder; both builds use it.

    Raises
    ------
    CannotMeasure
        If there are no benchmarks, or the frames cannot be made.
    """
    if not (root / "tests" / "benchmarks").is_dir():
        raise CannotMeasure("head has no folder tests/benchmarks: nothing to measure")
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(root / "tests" / "benchmarks", folder / "tests" / "benchmarks", ignore=ignored)
    shutil.copytree(root / "benchmarks", folder / "benchmarks", ignore=ignored)
    (folder / "tests" / "__init__.py").touch()
    (folder / "pytest.ini").write_text("[pytest]\n")
    for name in SCRIPTS:
        shutil.copy(Path(__file__).with_name(name), folder / name)
    module = "benchmarks.cases" if (folder / "benchmarks" / "cases.py").exists() else "tests.benchmarks.inputs"
    command = (sys.executable, "-m", module, folder / INPUTS)
    done = run(command, folder=folder, variables=environment(DATA_ROOT=str(root / "data")), timeout=120)
    if done.code:
        raise CannotMeasure(f"the frames of the benchmarks cannot be made:\n{done.tail}")
    run([sys.executable, "-m", "compileall", "-q", folder], folder=folder, variables=environment(), timeout=120)
    return folder


def benchmarks_in(root: Path, settings: Path) -> tuple[frozenset[str], str]:
    """Names of the benchmarks in the files of a source tree, which are not run, and why some cannot be read.

    Their stages are none of them.
    The settings of pytest are given, in place of those of the tree.
    """
    if not (root / "tests" / "benchmarks").is_dir():
        return frozenset(), ""
    pytest = (sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-c", settings, "--rootdir", root)
    command = (*pytest, "--collect-only", "-q", "--noconftest", root / "tests" / "benchmarks")
    done = run(command, folder=settings.parent, variables=environment(PYTEST_DISABLE_PLUGIN_AUTOLOAD="1"), timeout=120)
    lines = done.output.splitlines()
    found = (name_of(line) for line in lines if "::" in line and line.endswith("]"))
    names = frozenset(name for name in found if STAGE_SIGN not in name)
    # A file that cannot be imported ends with code 2 and a line that begins with ERROR; code 5: there is none.
    problem = next((line for line in lines if line.startswith("ERROR")), done.tail)
    return names, "" if done.code in (0, 5) else f"cannot be read (code {done.code}): {problem}"
