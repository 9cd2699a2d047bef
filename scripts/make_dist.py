"""Build sdist and wheel of HEAD, check them, and run README's example with every extra: ``make dist``.

HEAD is built, not the working tree: what is not committed cannot get into a release.
"""

from __future__ import annotations

import argparse
import email
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from email.message import Message
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parent.parent
# For work on the code, in a checkout. Every other extra is for users.
DEVELOPERS = {"bench", "dev", "docs", "gpu-static", "lint", "peers", "release", "test"}
BESIDE_THE_PACKAGE = {"CHANGELOG.md", "CITATION.cff", "LICENSE", "MANIFEST.in", "README.md", "pyproject.toml"}
GENERATED = {"PKG-INFO", "setup.cfg"}


class NotReady(Exception):
    """What keeps this commit from being released."""


def run(*command: object, **more: Any) -> str:
    """Standard output of a command; if it fails, an error with all that it said."""
    done = subprocess.run([str(one) for one in command], capture_output=True, text=True, check=False, **more)
    if done.returncode:
        raise NotReady(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


def project_of(root: Path) -> dict[str, Any]:
    """The table ``project`` of pyproject.toml."""
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def check_version(root: Path, tag: str = "") -> None:
    """Compare the version of pyproject.toml with the changelog, the citation and, if there is one, the tag."""
    version = project_of(root)["version"]
    changelog = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    sections = re.findall(r"^## (.*)\n((?:(?!## ).*\n?)*)", changelog, re.MULTILINE)
    if not sections or sections[0][0] != "[Unreleased]":
        raise NotReady("CHANGELOG.md: the first section is not [Unreleased]")
    newest = re.fullmatch(r"\[(\S+)\] - (\d{4}-\d{2}-\d{2})", sections[1][0]) if len(sections) > 1 else None
    if not newest or newest[1] != version:
        raise NotReady(f"CHANGELOG.md: below [Unreleased] there is no section [{version}] with its date")
    citation = (root / "CITATION.cff").read_text(encoding="utf-8")
    cited = dict(re.findall(r'^(version|date-released): "?([^"\n]*)"?$', citation, re.MULTILINE))
    if cited != {"version": version, "date-released": newest[2]}:
        raise NotReady(f"CITATION.cff says {cited}, CHANGELOG.md says version {version} of {newest[2]}")
    if tag and tag != f"v{version}":
        raise NotReady(f"the tag is {tag}, pyproject.toml says version {version}")
    if tag and sections[0][1].strip():
        raise NotReady(f"CHANGELOG.md: something is left under [Unreleased], but {tag} is a release")


def build(source: Path, out: Path) -> tuple[Path, Path]:
    """Build a folder's package; its sdist, and the wheel that is made of it."""
    run(sys.executable, "-m", "build", "--outdir", out, source)
    (sdist,), (wheel,) = out.glob("*.tar.gz"), out.glob("*.whl")
    return sdist, wheel


def check_contents(sdist: Path, wheel: Path, tracked: set[str]) -> None:
    """Compare the files of both with those that git tracks: the package, its licence and papers, and nothing else."""
    package = {name for name in tracked if name.startswith("anisoap_opt/")}
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    with tarfile.open(sdist) as archive:
        members = {member.name.partition("/")[2] for member in archive if member.isfile()}
    members = {name for name in members if ".egg-info/" not in name}
    for path, found, wanted in (
        (wheel, names, package),
        (sdist, members - GENERATED, package | BESIDE_THE_PACKAGE),
    ):
        if found != wanted:
            raise NotReady(f"{path.name}: unexpected {sorted(found - wanted)}, missing {sorted(wanted - found)}")


def metadata_of(wheel: Path) -> Message:
    """What the wheel says of itself."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return email.message_from_bytes(archive.read(name))


def check_metadata(wheel: Path, project: dict[str, Any]) -> None:
    """Compare a wheel's metadata with pyproject.toml."""
    said = metadata_of(wheel)
    for field, wanted in (
        ("Name", [project["name"]]),
        ("Version", [project["version"]]),
        ("Requires-Python", [project["requires-python"]]),
        ("License-Expression", [project["license"]]),
        ("Provides-Extra", sorted(project["optional-dependencies"])),
    ):
        found = sorted(said.get_all(field, []))
        if found != wanted:
            raise NotReady(f"{wheel.name}: {field} is {found}, wanted {wanted}")


def example_of(readme: str) -> str:
    """The first Python block of a page."""
    found = re.search(r"^```python\n(.*?)^```$", readme, re.MULTILINE | re.DOTALL)
    if not found:
        raise NotReady("README.md has no example in Python")
    return found[1]


def try_extra(extra: str, wheel: Path, example: str) -> str:
    """Install a wheel with one extra, or "none", into an empty environment and run the example there.

    Returns
    -------
    str
        The backends that the extra brings, each of which was run; "" if it brings none.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "data").symlink_to(ROOT / "data")
        (folder / "example.py").write_text(example, encoding="utf-8")
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "ANISOAP"))}
        here: dict[str, Any] = {"cwd": folder, "env": environment}
        run(sys.executable, "-m", "venv", "venv", **here)
        python = folder / "venv" / "bin" / "python"
        target = str(wheel) if extra == "none" else f"{wheel}[{extra}]"
        pip = (python, "-m", "pip", "--disable-pip-version-check")
        run(*pip, "install", target, "-c", ROOT / "constraints.txt", **here)
        run(*pip, "check", **here)
        # The backends that this extra brings; without any, whatever the package chooses itself.
        told = "import sys; from anisoap_opt import BACKENDS as b; print(*(n for n in b if b[n].extra == sys.argv[1]))"
        backends = run(python, "-c", told, "" if extra == "none" else extra, **here).split()
        for backend in backends or [""]:
            run(python, "example.py", cwd=folder, env={**environment, "ANISOAP_BACKEND": backend})
        arguments = ("describe", "data/ellipsoids.xyz", "--max-angular", "2", "--out", "features.npz")
        run(python.with_name("anisoap-opt"), *arguments, **here)
    return " ".join(backends)


def export(folder: Path) -> set[str]:
    """Write the files of HEAD into a folder; their names."""
    with tempfile.TemporaryFile() as file:
        subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, stdout=file, check=True)
        file.seek(0)
        with tarfile.open(fileobj=file) as archive:
            archive.extractall(folder, filter="data")
            return {member.name for member in archive if member.isfile()}


def main() -> int:
    """Make a release's two files, or say what is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=ROOT / "dist", help="a folder with nothing in it, or a new one")
    parser.add_argument("--tag", default="", help="the tag that is released; version and changelog must agree with it")
    parser.add_argument("--extras", default="", help="extras to try, none for the bare package; without, all for users")
    options = parser.parse_args()
    try:
        with tempfile.TemporaryDirectory() as name:
            source = Path(name)
            tracked = export(source)
            check_version(source, options.tag)
            project = project_of(source)
            users = ["none", *(extra for extra in project["optional-dependencies"] if extra not in DEVELOPERS)]
            extras = options.extras.split() or users
            if unknown := set(extras) - set(users):
                raise NotReady(f"no extras for users: {', '.join(sorted(unknown))}; there are {', '.join(users)}")
            if options.out.exists() and any(options.out.iterdir()):
                raise NotReady(f"{options.out} holds files already: delete them")
            sdist, wheel = build(source, options.out.resolve())
            example = example_of((source / "README.md").read_text(encoding="utf-8"))
        check_contents(sdist, wheel, tracked)
        check_metadata(wheel, project)
        run(sys.executable, "-m", "twine", "check", "--strict", sdist, wheel)
        print(f"{sdist.name} and {wheel.name}: contents, metadata and README are as they should be", flush=True)
        for extra in extras:
            start = time.monotonic()
            backends = try_extra(extra, wheel, example) or "the default"
            print(f"{extra:<10} README's example runs on {backends} ({time.monotonic() - start:.0f} s)", flush=True)
    except NotReady as error:
        print(f"not ready: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
