"""``manifest.json``: what a folder holds and how it was made, so that it can be read without this package."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from anisoap_opt import kernels
from anisoap_opt.folder.plan import Plan
from anisoap_opt.projection import EllipsoidalDensityProjection

NAME = "manifest.json"
FORMAT = 1
STORAGES = ("npy", "zarr")
Manifest = dict[str, Any]
_KEYS = (
    "storage", "dtype", "num_frames", "num_features", "frames_per_block", "num_blocks", "hypers", "symmetric", "reduce",
    "versions", "files", "columns",
)  # fmt: skip


def make_manifest(
    plan: Plan, arguments: Mapping[str, Any], *, symmetric: bool = False, reduce: str = "mean", storage: str = "npy"
) -> Manifest:
    """The manifest of a run: the same for the same files and arguments, whoever makes it.

    Parameters
    ----------
    plan : Plan
    arguments : dict
        Of the calculator, with `types`; see `anisoap_opt.folder.arguments.arguments_of`.
    symmetric, reduce : bool, str
        Arguments of `EllipsoidalDensityProjection.power_spectrum`.
    storage : {"npy", "zarr"}

    Returns
    -------
    dict
        Plain values.

    Raises
    ------
    ValueError
        If the name of a file is no UTF-8.
    """
    for path in [one.source.path for one in plan.scans]:
        if path != path.encode(errors="ignore").decode():
            raise ValueError(f"the name of a file is no UTF-8, as a manifest is; rename it: {path!r}")
    calculator = EllipsoidalDensityProjection(**arguments)
    columns = calculator.feature_labels(symmetric=symmetric)
    names = columns.dtype.names or ()
    return {
        "format": FORMAT,
        "storage": storage,
        "dtype": calculator.dtype,
        "num_frames": plan.num_frames,
        "num_features": len(columns),
        "frames_per_block": plan.frames_per_block,
        "num_blocks": plan.num_blocks,
        "hypers": dict(arguments),
        "symmetric": symmetric,
        "reduce": reduce,
        "versions": _versions(calculator.backend),
        "files": [
            {"path": one.source.path, "size": one.size, "sha256": one.sha256, "first_frame": first}
            for one, first in zip(plan.scans, plan.first_frames, strict=False)
        ],
        "columns": {name: columns[name].tolist() for name in names},
    }


def to_bytes(manifest: Manifest) -> bytes:
    """As it stands in the file, a line for each entry."""
    lines = (f" {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in manifest.items())
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode()


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a folder.

    Raises
    ------
    FileNotFoundError
        If there is none.
    ValueError
        If it is no manifest, or one of another format.
    """
    path = folder / NAME
    try:
        manifest = json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        raise FileNotFoundError(f"{folder} is no folder of features: it has no {NAME}") from None
    except ValueError as error:
        raise ValueError(f"{path} is no manifest of a folder of features: {error}") from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        found = manifest.get("format") if isinstance(manifest, dict) else None
        raise ValueError(f"{path} has the format {found!r}, and this version reads {FORMAT}")
    if absent := [key for key in _KEYS if key not in manifest]:
        raise ValueError(f"{path} is no manifest of a folder of features: it has no {absent[0]!r}")
    return manifest


def differences(one: Manifest, other: Manifest, one_is: str, other_is: str) -> str:
    """What differs between two manifests, in words, "" if nothing does; files may have moved.

    Parameters
    ----------
    one, other : dict
    one_is, other_is : str
        What the message calls them.
    """
    pairs = sorted(
        _differences("", _comparable(one), _comparable(other)), key=lambda pair: not pair[0].startswith("hypers.")
    )  # hyperparameters first: other entries follow from them
    return "; ".join(f"{name} is {value!r} {one_is} and {instead!r} {other_is}" for name, value, instead in pairs)


def _comparable(manifest: Manifest) -> Manifest:
    files = [{key: value for key, value in one.items() if key != "path"} for one in manifest["files"]]
    return {**manifest, "files": dict(enumerate(files)), "columns": "", "hypers": dict(manifest["hypers"])}


def _differences(name: str, one: Any, other: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(one, dict) and isinstance(other, dict):
        for key in dict.fromkeys((*one, *other)):
            yield from _differences(f"{name}.{key}" if name else str(key), one.get(key), other.get(key))
    elif one != other:
        yield name, one, other


def column_labels(manifest: Manifest) -> np.ndarray[Any, np.dtype[np.void]]:
    """What stands in each column, as `EllipsoidalDensityProjection.feature_labels`."""
    columns = manifest["columns"]
    out = np.zeros(manifest["num_features"], dtype=[(name, np.int32) for name in columns])
    for name, values in columns.items():
        out[name] = values
    return out


def _versions(backend: str) -> dict[str, str]:
    needs = kernels.BACKENDS[backend].needs
    more = {needs: str(import_module(needs).__version__)} if needs else {}
    return {"anisoap_opt": version("anisoap_opt"), "numpy": np.__version__, **more}
