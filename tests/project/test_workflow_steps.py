"""The commands of the workflows, in a fresh clone: only GitHub itself, and what takes long, is left out.

What ends within seconds runs. ``make``, which takes minutes, is asked what it would run, and our own programs behind it
are asked whether they understand their options.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from scripts.make_dist import project_of
from tests.docs.commands import measure
from tests.project.test_workflows import ROOT, WORKFLOWS, git, yaml

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not all(map(shutil.which, ("chromium", "dot", "sbatch"))),
        reason="bash .ci/system-packages would install something",
    ),
]
ON_MACOS = {"brew install graphviz"}
EXPRESSIONS = {
    "github.repository": "somebody/something",
    "github.token": "none",
    "github.ref_name": f"v{project_of(ROOT)['version']}",
    "inputs.range": "",
    "vars.MACOS_MPS_RUNNER": "",
    "contains(github.event.pull_request.labels.*.name, 'perf-regression-ok') && '--override' || ''": "--override",
}
"""What GitHub would put in their place; those of the matrix and of earlier steps are added as the jobs go on."""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone of HEAD, with what a job that measured would have left in it."""
    git(tmp_path, "clone", "--quiet", str(ROOT), "clone")
    git(tmp_path, "init", "--quiet", "--bare", "remote")
    measured = tmp_path / "clone" / "measured"
    for name, content in {
        "asv/benchmarks.json": "{}",
        "asv/github-some-2-cores/01234567-env.json": "{}",
        "history/github-some-2-cores.jsonl": "{}",
        "changes.json": '{"changes": []}',
        "changes.md": "",
    }.items():
        (measured / name).parent.mkdir(parents=True, exist_ok=True)
        (measured / name).write_text(content)
    (tmp_path / "home").mkdir()
    return tmp_path / "clone"


def filled(value: object, known: dict[str, str]) -> str:
    """A value with GitHub's expressions replaced."""
    return re.sub(r"\$\{\{ (.*?) \}\}", lambda found: known[found[1]], str(value))


def run(command: str, clone: Path, environment: dict[str, str]) -> str:
    """What a step prints, with nothing of this shell but its PATH; ``make`` only says what it would do."""
    given = {"PATH": os.environ["PATH"], "HOME": str(clone.parent / "home"), "CI": "true", "MAKEFLAGS": "n"}
    given |= {"GITHUB_OUTPUT": str(clone.parent / "outputs"), **environment}
    shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", command]
    done = subprocess.run(shell, cwd=clone, env=given, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


def check_what_make_would_run(lines: list[str], clone: Path) -> None:
    """Every module and script is there, and our own commands understand their options."""
    assert lines
    for line in lines:
        for module in re.findall(r"/python -m ([\w.]+)", line):
            assert importlib.util.find_spec(module), line
        for script in re.findall(r"/python (\S+\.py)", line):
            assert (clone / script).is_file(), line
        for arguments in re.findall(r"-m anisoap_bench (.*?)(?:;|$)", line):
            measure(shlex.split(arguments))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_steps(path: Path, clone: Path) -> None:
    workflow = yaml.safe_load(path.read_text())
    local = {"REMOTE": str(clone.parent / "remote"), "GITHUB_SHA": git(clone, "rev-parse", "HEAD")}
    known = dict(EXPRESSIONS)
    for job in workflow["jobs"].values():
        matrix = dict(job.get("strategy", {}).get("matrix", {}))
        first: dict[str, Any] = matrix.pop("include", [{}])[0] | {key: values[0] for key, values in matrix.items()}
        known |= {f"matrix.{key}": str(value) for key, value in first.items()}
        for step in job["steps"]:
            command = step.get("run", "")
            if not command or command in ON_MACOS:
                continue
            levels = (workflow.get("env", {}), job.get("env", {}), step.get("env", {}))
            environment = {key: value for level in levels for key, value in level.items() if key not in local}
            environment = {key: filled(value, known) for key, value in environment.items()} | local
            said = run(filled(command, known), clone, environment)
            if command.startswith("make "):
                check_what_make_would_run(said.replace("\\\n", " ").splitlines(), clone)
            outputs = clone.parent / "outputs"
            if "id" in step:
                found = re.findall(r"^(\w+)=(.*)$", outputs.read_text(), re.MULTILINE)
                known |= {f"steps.{step['id']}.outputs.{key}": value for key, value in found}
    if path.stem == "history":
        assert git(clone.parent / "remote", "rev-list", "--count", "asv-results") == "1"
