"""What is released: the contents of sdist and wheel, and versions that agree everywhere."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest

from scripts import make_dist

ROOT = Path(__file__).resolve().parents[2]
VERSION = make_dist.project_of(ROOT)["version"]


def edited(folder: Path, name: str, old: str, new: str) -> None:
    text = (folder / name).read_text(encoding="utf-8")
    assert old in text
    (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    """A folder with what names the version."""
    for name in ("CHANGELOG.md", "CITATION.cff", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def test_versions_agree() -> None:
    make_dist.check_version(ROOT)


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("CHANGELOG.md", f"## [{VERSION}] - ", f"## [{VERSION}] ", "no section"),
        ("CHANGELOG.md", f"## [{VERSION}]", "## [9.9.9]", "no section"),
        ("CHANGELOG.md", "## [Unreleased]", "## Unreleased", "not \\[Unreleased\\]"),
        ("CITATION.cff", f"version: {VERSION}", "version: 9.9.9", "CITATION.cff says"),
        ("CITATION.cff", 'date-released: "', 'date-released: "1', "CITATION.cff says"),
        ("pyproject.toml", f'version = "{VERSION}"', 'version = "9.9.9"', "no section"),
    ],
)
def test_versions_that_differ_are_named(papers: Path, name: str, old: str, new: str, message: str) -> None:
    edited(papers, name, old, new)
    with pytest.raises(make_dist.NotReady, match=message):
        make_dist.check_version(papers)


def test_a_tag_has_the_version_and_leaves_nothing_unreleased(papers: Path) -> None:
    changelog = (papers / "CHANGELOG.md").read_text(encoding="utf-8")
    before, _, after = changelog.partition("## [Unreleased]\n")
    released = f"{before}## [Unreleased]\n\n## [{after.partition('## [')[2]}"
    (papers / "CHANGELOG.md").write_text(released, encoding="utf-8")
    make_dist.check_version(papers, f"v{VERSION}")
    with pytest.raises(make_dist.NotReady, match="the tag is v9"):
        make_dist.check_version(papers, "v9")
    edited(papers, "CHANGELOG.md", "## [Unreleased]\n", "## [Unreleased]\n\n### Added\n\n- Something.\n")
    with pytest.raises(make_dist.NotReady, match="left under"):
        make_dist.check_version(papers, f"v{VERSION}")
    make_dist.check_version(papers)


def test_extras_that_are_not_tried_exist() -> None:
    assert set(make_dist.project_of(ROOT)["optional-dependencies"]) >= make_dist.DEVELOPERS


def test_the_example_is_the_first_python_of_a_page() -> None:
    assert make_dist.example_of("# a\n```bash\nls\n```\n```python\nx = 1\n```\n```python\ny = 2\n```\n") == "x = 1\n"
    with pytest.raises(make_dist.NotReady, match="no example"):
        make_dist.example_of("# a\n")


def packed(folder: Path, names: set[str]) -> tuple[Path, Path]:
    """A sdist and a wheel that hold empty files of these names."""
    sdist, wheel = folder / "a.tar.gz", folder / "a.whl"
    with tarfile.open(sdist, "w:gz") as archive:
        for name in names:
            archive.addfile(tarfile.TarInfo(f"a-1/{name}"))
    with zipfile.ZipFile(wheel, "w") as archive:
        for name in names:
            if name.startswith("anisoap_opt/"):
                archive.writestr(name, "")
    return sdist, wheel


def test_contents_that_differ_are_named(tmp_path: Path) -> None:
    tracked = {"anisoap_opt/a.py", "anisoap_opt/py.typed", "tests/b.py", *make_dist.BESIDE_THE_PACKAGE}
    meant = tracked - {"tests/b.py"} | {"PKG-INFO", "anisoap_opt.egg-info/SOURCES.txt"}
    make_dist.check_contents(*packed(tmp_path, meant), tracked)
    with pytest.raises(make_dist.NotReady, match=r"a\.tar\.gz: unexpected \['tests/b\.py'\]"):
        make_dist.check_contents(*packed(tmp_path, {*meant, "tests/b.py"}), tracked)
    with pytest.raises(make_dist.NotReady, match=r"a\.whl: unexpected \[\], missing \['anisoap_opt/py\.typed'\]"):
        make_dist.check_contents(*packed(tmp_path, meant - {"anisoap_opt/py.typed"}), tracked)


@pytest.mark.slow
def test_sdist_and_wheel_hold_the_package_and_nothing_else(tmp_path: Path) -> None:
    command = ["git", "ls-files"]
    tracked = set(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split())
    source = tmp_path / "source"  # a copy: what lies about in the checkout stays out
    for name in tracked:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, source / name)
    sdist, wheel = make_dist.build(source, tmp_path / "dist")
    make_dist.check_contents(sdist, wheel, tracked)
    make_dist.check_metadata(wheel, make_dist.project_of(ROOT))
    wrong = {**make_dist.project_of(ROOT), "version": "9.9.9"}
    with pytest.raises(make_dist.NotReady, match=r"Version is \['.*'\], wanted \['9\.9\.9'\]"):
        make_dist.check_metadata(wheel, wrong)
