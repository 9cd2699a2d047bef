"""Publish asv's results, the tracked ones and this machine's, as pages that need no network."""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from anisoap_bench.asv_files import configuration
from anisoap_bench.dashboard import asv_pages, landing, vendor
from anisoap_bench.dashboard.merge import Merged, merge
from anisoap_bench.errors import CannotMeasure
from anisoap_bench.git import git, shallow_hint
from anisoap_bench.history.book import RECORDINGS
from anisoap_bench.terminal import echo

HISTORY = Path("results/asv")
"""Tracked results; those of ordinary runs are where ``asv.conf.json`` says."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of ``dashboard``."""
    parser.add_argument("--root", type=Path, default=Path("."), help="the checkout whose results are published")


def main(options: argparse.Namespace) -> int:
    """Publish, and say how to look at the pages."""
    pages = publish(options.root)
    echo(f"published in {pages}; to look at them: python -m http.server --directory {pages}")
    return 0


def publish(root: Path) -> Path:
    """Publish all results of a checkout as pages that need no network; their folder, ``html_dir`` of ``asv.conf.json``.

    The pages take the place of older ones when they are complete: ``index.html`` is the landing page, ``asv/`` holds
    asv's pages, ``docs/`` the documentation if ``make docs`` has built it. CannotMeasure if there are no results of
    commits on this branch, npm cannot fetch the libraries, asv fails, or the folder of the pages cannot be written.
    """
    root = root.resolve()
    config = configuration(root)
    work, site = root / ".asv", root / ".asv" / "site"
    # asv follows first parents only: it would leave out the others, with a warning each.
    commits = set(git("rev-list", "--first-parent", *config["branches"], folder=root).split())
    try:
        merged = merge([root / HISTORY, root / config["results_dir"]], commits, work / "merged")
    except CannotMeasure as error:
        raise CannotMeasure(f"{error}{shallow_hint(root)}") from error
    packages = vendor.install(work / "npm")
    shutil.rmtree(site, ignore_errors=True)
    _publish_with_asv(root, config, merged, site / "asv")
    asv_pages.change(site / "asv", merged)
    shutil.copy(site / "asv" / "swallow.ico", site / "favicon.ico")  # browsers ask for it on pages that name none
    if (built := root / "docs" / "_build" / "html").is_dir():
        shutil.copytree(built, site / "docs", ignore=shutil.ignore_patterns(".doctrees", ".buildinfo*"))
    used = vendor.localise(site, packages)
    if (calibration := root / "results" / "gate" / "calibration.json").is_file():
        shutil.copy(calibration, site / "gate-calibration.json")
    landing.write(site, root / RECORDINGS, merged, config, vendor.licenses(packages, used))
    return _put(site, root / config["html_dir"])


def _put(site: Path, target: Path) -> Path:
    """Let new pages take the place of old ones, which may be on another disk or behind a link; where they are then."""
    target = target.resolve()
    fresh = target.with_name(f"{target.name}.new")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.move(site, fresh)
        if target.exists():
            shutil.rmtree(target)
        fresh.rename(target)
    except OSError as error:
        raise CannotMeasure(f"the new pages cannot take the place of {target}: {error}") from error
    return target


def _publish_with_asv(root: Path, config: dict[str, Any], merged: Merged, pages: Path) -> None:
    """Run asv's own command with the merged results; it looks for relative paths beside its configuration."""
    changed = {"version": 1, "repo": str(root), "results_dir": str(merged.folder), "html_dir": str(pages)}
    path = merged.folder.parent / "publish.conf.json"
    path.write_text(json.dumps({**config, **changed}), encoding="utf-8")
    command = [sys.executable, "-m", "asv", "--config", str(path), "publish", "--no-pull"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    if done.returncode or not (pages / "index.json").is_file():
        raise CannotMeasure(f"asv publish failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
