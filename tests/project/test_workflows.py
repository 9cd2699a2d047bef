"""GitHub's workflows: pinned, with few permissions, thin; the results' branch; the lowest versions."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

yaml = pytest.importorskip("yaml")  # comes with asv

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
SCRIPTS = ROOT / ".github" / "scripts"
MAY_WRITE = {
    ("history", "push"): {"contents"},
    ("history", "tell"): {"issues"},
    ("history", "deploy"): {"pages", "id-token"},
    ("benchmark-comment", "comment"): {"pull-requests"},
    ("release", "publish"): {"id-token"},
}
"""Jobs that may write something. None of them runs code of the commits, or installs anything."""

each_workflow = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)


def jobs(path: Path) -> dict[str, dict[str, Any]]:
    return yaml.safe_load(path.read_text())["jobs"]


@each_workflow
def test_actions_are_pinned_by_commit_and_name_their_version(path: Path) -> None:
    used = re.findall(r"uses: (.*)", path.read_text())
    assert used
    for action in used:
        assert re.fullmatch(r"(actions/[a-z-]+|pypa/gh-action-pypi-publish)@[0-9a-f]{40} # v\d+\.\d+\.\d+", action)


def test_an_action_has_one_version() -> None:
    used = {action for path in WORKFLOWS for action in re.findall(r"uses: (.*)", path.read_text())}
    assert len({action.split("@")[0] for action in used}) == len(used)


@each_workflow
def test_permissions_are_given_job_by_job(path: Path) -> None:
    text = yaml.safe_load(path.read_text())
    assert text["permissions"] == {}
    assert "pull_request_target" not in text[True]  # YAML reads `on` as true
    for name, job in text["jobs"].items():
        assert "timeout-minutes" in job, name
        for step in job["steps"]:
            if "actions/checkout@" in step.get("uses", ""):
                assert step["with"]["persist-credentials"] is False, name


@each_workflow
def test_only_jobs_that_run_nothing_of_the_commits_may_write(path: Path) -> None:
    for name, job in jobs(path).items():
        write = {what for what, level in job["permissions"].items() if level == "write"}
        assert write == MAY_WRITE.get((path.stem, name), set())
        if write:
            assert not any("make " in step.get("run", "") for step in job["steps"])
    assert "secrets." not in path.read_text()


@each_workflow
def test_targets_and_scripts_exist(path: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    runs = [step["run"] for job in jobs(path).values() for step in job["steps"] if "run" in step]
    assert {name for run in runs for name in re.findall(r"\bmake ([a-z-]+)", run)} <= targets
    for script in (name for run in runs for name in re.findall(r"bash (\S+)", run)):
        assert (ROOT / script).is_file()


def test_the_matrix_is_what_the_package_promises() -> None:
    matrix = jobs(ROOT / ".github" / "workflows" / "tests.yml")["test"]["strategy"]["matrix"]
    promised = re.findall(r"Python :: (3\.\d+)", (ROOT / "pyproject.toml").read_text())
    assert matrix["python"] == promised
    assert [set(extras.split(",")) & {"dev", "torch", "compiled"} for extras in matrix["extras"]] == [{"dev"}, set()]


def test_lowest_versions_are_those_of_pyproject() -> None:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *extras["compiled"], *extras["sklearn"], *extras["test"], *extras["torch"]]
    bounds = {}
    for requirement in map(Requirement, wanted):
        (bound,) = (one.version for one in requirement.specifier if one.operator == ">=")
        bounds[requirement.name] = bound
    ours = (ROOT / "env" / "lowest.txt").read_text().split("# Not ours")[0]
    assert dict(re.findall(r"^([\w-]+)==(\S+)$", ours, re.MULTILINE)) == bounds


def git(folder: Path, *arguments: str) -> str:
    who = ["-c", "user.name=nobody", "-c", "user.email=nobody@example.org"]
    command = ["git", "-C", str(folder), *who, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone, with three commits, of the bare repository ``tmp_path / "remote"``."""
    git(tmp_path, "init", "--quiet", "--bare", "-b", "main", "remote")
    git(tmp_path, "clone", "--quiet", str(tmp_path / "remote"), "clone")
    for k in range(3):
        git(tmp_path / "clone", "commit", "--quiet", "--allow-empty", "-m", str(k))
    git(tmp_path / "clone", "push", "--quiet", "origin", "HEAD:main")
    return tmp_path / "clone"


def restore(clone: Path, *more: str) -> tuple[str, str]:
    """The range that is to be measured, and the name of this machine."""
    command = ["bash", str(SCRIPTS / "restore-results.sh"), *more]
    done = subprocess.run(command, cwd=clone, capture_output=True, text=True, check=True)
    wanted, machine = done.stdout.splitlines()
    assert re.fullmatch(r"machine=github-([a-z0-9]+-)+cores", machine)
    return wanted.removeprefix("range="), machine.removeprefix("machine=")


def push(clone: Path) -> str:
    command = ["bash", str(SCRIPTS / "push-results.sh"), str(clone / "results")]
    environment = {**os.environ, "REMOTE": str(clone.parent / "remote")}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.strip()


def measure(clone: Path, commit: str, machine: str, *, ended: bool = True) -> None:
    name = git(clone, "rev-parse", commit)
    folder, recordings = clone / "results" / "asv" / machine, clone / "results" / "history"
    for one in (folder, recordings):
        one.mkdir(parents=True, exist_ok=True)
    (folder / f"{name[:8]}-env.json").write_text("{}")
    (clone / "results" / "asv" / "benchmarks.json").write_text("{}")
    lines = [{"commit": name}, {"of": name, "amounts": {}}][: 2 if ended else 1]
    with (recordings / f"{machine}.jsonl").open("a") as stream:
        stream.write("".join(json.dumps(line) + "\n" for line in lines))


@pytest.mark.skipif(sys.platform != "linux", reason="the runners that measure are Linux")
def test_the_branch_of_results_grows_night_by_night(clone: Path) -> None:
    wanted, this = restore(clone)
    assert wanted == "1"
    measure(clone, "HEAD~1", this)
    measure(clone, "HEAD", this, ended=False)
    measure(clone, "HEAD", "github-another")  # says nothing of this one
    measure(clone, "HEAD", "somebody")  # tracked results are no business of the branch
    push(clone)
    shutil.rmtree(clone / "results")

    assert restore(clone)[0] == f"{git(clone, 'rev-parse', 'HEAD~1')}..HEAD"
    assert restore(clone, "v1..v2")[0] == "v1..v2"
    measure(clone, "HEAD", this)
    push(clone)
    assert push(clone) == "nothing new"
    assert restore(clone)[0] == ""

    files = git(clone.parent / "remote", "ls-tree", "-r", "--name-only", "asv-results").splitlines()
    newest, before = (git(clone, "rev-parse", commit)[:8] for commit in ("HEAD", "HEAD~1"))
    asv = [f"asv/github-another/{newest}-env.json", *(f"asv/{this}/{one}-env.json" for one in (newest, before))]
    recordings = ["history/github-another.jsonl", f"history/{this}.jsonl"]
    assert sorted(files) == sorted(["asv/benchmarks.json", *asv, *recordings])
    assert git(clone.parent / "remote", "rev-list", "--count", "asv-results") == "2"
    assert git(clone.parent / "remote", "rev-list", "--count", "main") == "3"


def test_a_night_without_results_pushes_nothing_and_is_no_error(clone: Path) -> None:
    (clone / "results").mkdir()
    assert push(clone) == "nothing new"


@pytest.mark.skipif(sys.platform != "linux", reason="the runners that measure are Linux")
@pytest.mark.parametrize("wanted", ['1"; touch made; "', "$(shell touch made)", "`made`", "1\nmachine=x", "--all"])
def test_what_is_typed_in_as_a_range_is_no_command(clone: Path, wanted: str) -> None:
    with pytest.raises(subprocess.CalledProcessError) as failed:
        restore(clone, wanted)
    assert "no range of commits" in failed.value.stderr
    assert failed.value.stdout == ""


@pytest.mark.skipif(sys.platform != "linux", reason="the runners that measure are Linux")
@pytest.mark.parametrize("wanted", ["10", "ALL", "HEAD^!", "v0.1.0..HEAD", "origin/a-b~3..main@{1}"])
def test_ranges_pass_as_they_are(clone: Path, wanted: str) -> None:
    assert restore(clone, wanted)[0] == wanted


GH = """#!{python}
import json, pathlib, sys
folder, words = pathlib.Path({folder!r}), sys.argv[1:]
known = json.loads((folder / "issues.json").read_text())
if words[:2] == ["issue", "list"]:
    print(json.dumps(known))
elif words[:2] == ["issue", "create"]:
    known.append({{"number": len(known) + 1, "state": "OPEN", "body": sys.stdin.read(), "comments": []}})
elif words[:2] == ["issue", "comment"]:
    (issue,) = [one for one in known if str(one["number"]) == words[2]]
    issue["comments"].append({{"body": sys.stdin.read()}})
(folder / "issues.json").write_text(json.dumps(known))
"""


def test_an_issue_tells_each_change_once(tmp_path: Path) -> None:
    command = tmp_path / "gh"
    command.write_text(GH.format(python=sys.executable, folder=str(tmp_path)))
    command.chmod(0o755)
    (tmp_path / "issues.json").write_text("[]")

    subject = f"`@octocat` </details> <!-- {'a' * 40} import -->"
    (tmp_path / "report.md").write_text("all of it" + 70_000 * "x")

    def tell(*changes: tuple[str, str, float]) -> list[dict[str, Any]]:
        keys, more = (
            ("commit", "benchmark", "ratio"),
            {"low": 1.0, "high": 2.0, "subject": subject, "why": "neighbours"},
        )
        content = {"changes": [{**dict(zip(keys, one, strict=True)), **more} for one in changes]}
        (tmp_path / "changes.json").write_text(json.dumps(content))
        words = [sys.executable, str(SCRIPTS / "tell_changes.py"), "changes.json", "report.md"]
        variables = {**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
        subprocess.run(words, cwd=tmp_path, env=variables, check=True, capture_output=True)
        return json.loads((tmp_path / "issues.json").read_text())

    first, second = ("a" * 40, "kernel", 1.05), ("a" * 40, "import", 1.10)
    assert tell(("a" * 40, "kernel", 0.9)) == []  # faster
    (issue,) = tell(first)
    assert "kernel × 1.050" in issue["body"]
    assert "all of it" in issue["body"]
    assert "` @octocat  </details>" in issue["body"]  # as code
    assert len(issue["body"]) < 65_536
    assert tell(first) == [issue]
    (commented,) = tell(first, second)
    (comment,) = commented["comments"]
    assert "import × 1.100" in comment["body"]
    assert "kernel" not in comment["body"].split("<details>")[0]
    assert tell(first, second) == [commented]
    commented["state"] = "CLOSED"
    (tmp_path / "issues.json").write_text(json.dumps([commented]))
    assert tell(first, second) == [commented]
    assert len(tell(first, second, ("b" * 40, "kernel", 1.2))) == 2
