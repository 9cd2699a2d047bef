"""asv.conf.json: keys that asv reads, a suite that it can check, and an environment that measures the wheel."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import asv
import pytest
from asv.config import Config

from anisoap_bench.asv_files import read_results
from benchmarks import versions
from tests.suite.asv_tools import CONFIG, ROOT, git, run, run_asv, write_config


def test_every_key_is_one_that_asv_reads() -> None:
    """As an attribute of the configuration, somewhere in its source."""
    sources = [path.read_text(encoding="utf-8") for path in Path(asv.__file__).parent.rglob("*.py")]
    pattern = r"""\bconf\.([a-z_]+)|getattr\((?:self\.)?_?conf, ['"]([a-z_]+)['"]"""
    read = {name for source in sources for pair in re.findall(pattern, source) for name in pair if name}
    assert "regression_thresholds" not in read
    assert set(CONFIG) - {"version"} <= read  # version: of the file's format, taken out when it is loaded
    assert vars(Config.load(str(ROOT / "asv.conf.json")))["build_cache_size"] == CONFIG["build_cache_size"]


def test_thresholds_are_of_benchmarks_that_exist() -> None:
    names = [f"{versions.name_of(one)}.{name}(…)@HEAD" for one in versions.classes() for name in vars(one)]
    for pattern in CONFIG["regressions_thresholds"]:
        assert any(re.match(pattern, name) for name in names), pattern


@pytest.mark.slow
def test_asv_check_passes(tmp_path: Path) -> None:
    out = run("asv", "check", "--python=same", folder=ROOT, home=tmp_path)
    assert "No problems found" in out


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone with the working tree's suite, and an environment with only what one small benchmark needs."""
    folder = tmp_path_factory.mktemp("clone") / "checkout"
    git(ROOT, "clone", "--quiet", str(ROOT), str(folder))
    for name in ("benchmarks", "anisoap_bench"):
        shutil.rmtree(folder / name, ignore_errors=True)
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
    needed = ("ase", "asv_runner", "numpy", "scipy", "threadpoolctl", "tqdm", "typer", "wigners")
    pins = {name: CONFIG["matrix"]["req"][name] for name in needed}
    write_config(folder, matrix={"req": pins})
    return folder


TINY = "FrameValidation.*numpy_only"


@pytest.mark.slow
def test_an_environment_builds_from_nothing_and_measures_each_commits_wheel(clone: Path, tmp_path: Path) -> None:
    def measure(reference: str) -> Path:
        """The package as installed, after measuring one commit."""
        run_asv(f"{reference}^!", clone, tmp_path, "--bench", TINY)
        found = read_results(clone / ".asv" / "results" / "test")
        assert git(clone, "rev-parse", reference) in {one.commit for one in found if any(map(one.numbers, one.rows))}
        (package,) = (clone / ".asv" / "env").glob("*/lib/python*/site-packages/anisoap_opt")
        return package

    (clone / "anisoap_opt" / "__init__.py").write_text("raise ImportError('the checkout')\n")
    older = git(clone, "log", "--format=%H", "--skip=1", "--max-count=1", "HEAD", "--", "anisoap_opt")
    for reference in ("HEAD", older):
        package = measure(reference)
        names = git(clone, "ls-tree", "-r", "--name-only", reference, "anisoap_opt").splitlines()
        python = [name for name in names if name.endswith(".py")]
        assert sorted(str(path.relative_to(package.parent)) for path in package.rglob("*.py")) == sorted(python)
        for name in python:
            committed = git(clone, "show", f"{reference}:{name}")
            assert (package.parent / name).read_text(encoding="utf-8").strip() == committed, name


@pytest.mark.slow
def test_an_environment_with_the_checkout_in_place_of_the_wheel_is_refused(clone: Path, tmp_path: Path) -> None:
    git(clone, "checkout", "--quiet", "HEAD", "--", "anisoap_opt")
    pins = json.loads((clone / "asv.conf.json").read_text())["matrix"]
    write_config(clone, matrix=pins, install_command=[f"python -m pip install --no-deps -e {clone}"])
    out = run_asv("HEAD^!", clone, tmp_path, "--bench", TINY, "--show-stderr", code=2)
    assert "not from the wheel installed in" in out
