"""`view`: ellipsoids to turn with the mouse, and a map of their features to click through, in notebooks and in files.

chemiscope draws. A page holds chemiscope's own library and the data, compressed, so that it needs no network.
"""

# mypy: disable-error-code=no-untyped-call

from __future__ import annotations

import base64
import gzip
import html
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from anisoap_opt.columns import ANY_QUATERNION, Columns
from anisoap_opt.frames import Frames, ParticleBatch
from anisoap_opt.map_axes import axes_of_map, property_of

if TYPE_CHECKING:
    from metatensor import TensorMap

    from anisoap_opt.streaming import FilePath

UNKNOWN = "#6fa8e8"
"""Color of types that are no element."""
DIGITS = 5
"""Of coordinates in a page, after the decimal point: more than a picture shows."""


class View:
    """A picture of frames, which notebooks show by themselves.

    Attributes
    ----------
    dataset : dict
        What chemiscope is given, as its ``create_input`` makes it.
    height : int
        In notebooks, pixels; half as much again where a map and frames stand below each other.
    """

    def __init__(self, dataset: dict[str, Any], *, height: int = 480) -> None:
        self.dataset = dataset
        self.height = height

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a page that any browser shows, without a network and without Python.

        Parameters
        ----------
        path : path
            ``.html``.

        Raises
        ------
        OSError
            If the file cannot be written.
        """
        Path(path).write_text(self.page(), encoding="utf-8")

    def page(self) -> str:
        """The text of that page."""
        from importlib.metadata import distribution, files
        from importlib.resources import files as resources

        chemiscope = resources("chemiscope")
        library = (chemiscope / "sphinx" / "static" / "chemiscope.min.js").read_text(encoding="utf-8")
        own = [path.read_text() for path in files("chemiscope") or [] if path.name == "LICENSE"]
        others = (chemiscope / "static" / "chemiscope-widget.mjs.LICENSE.txt").read_text(encoding="utf-8")
        title = f"{len(self.dataset['structures'])} frames"
        parts = {
            "title": title,
            "mode": "default" if self._has_map else "structure",
            "licences": html.escape("\n".join([f"chemiscope {distribution('chemiscope').version}", *own, others])),
            "library": _packed(library),
            "dataset": _packed(json.dumps(self.dataset)),
        }
        page = Path(__file__).with_name("viewer.html").read_text(encoding="utf-8")
        for name, text in parts.items():
            page = page.replace("{{" + name + "}}", text)
        return page

    @property
    def _has_map(self) -> bool:
        return len(self.dataset["properties"]) > 1

    def _repr_html_(self) -> str:
        narrow = 3 * self.height // 2 if self._has_map else self.height
        name = f"anisoap-opt-{self.height}-{narrow}"
        style = (
            f".{name} {{ width: 100%; height: {self.height}px; border: 0; }} "
            f"@container (max-width: 663px) {{ .{name} {{ height: {narrow}px; }} }}"
        )
        frame = f'<iframe class="{name}" title="ellipsoids" srcdoc="{html.escape(self.page())}"></iframe>'
        return f'<div style="container-type: inline-size"><style>{style}</style>{frame}</div>'


def view(
    frames: Frames | FilePath | Sequence[FilePath],
    features: npt.ArrayLike | TensorMap | None = None,
    *,
    feature_names: Sequence[str] | None = None,
    properties: Mapping[str, npt.ArrayLike] | None = None,
    out: str | os.PathLike[str] | None = None,
    rotation_key: str = ANY_QUATERNION,
    rotation_type: str = "quaternion",
    quaternion_order: str | None = None,
    diameter_key: str | None = None,
    diameters: Any = None,
) -> View:
    """Draw ellipsoids, and beside them a map of their features.

    A click on a point of the map shows its frame, or its particle. Needs the extra ``view``.

    Parameters
    ----------
    frames : list of ase.Atoms, ParticleBatch, path, or list of paths
        A page holds all of them: some thousand particles are quick, a hundred thousand are slow.
    features : array [frames, columns] or [particles, columns], or TensorMap, optional
        As `EllipsoidalDensityProjection.power_spectrum` returns them. Of more than three columns the first three
        principal components are shown. Without features there is no map.
    feature_names : sequence of str, optional
        Of the columns of features, for the map's axes, if there are no more than three.
    properties : dict from name to array [frames] or [particles], optional
        Other numbers, such as energies: for the map's axes and colors, and in a table under the picture.
    out : path, optional
        A file for the page: the same as `View.save`.
    rotation_key, rotation_type, quaternion_order, diameter_key, diameters
        See `EllipsoidalDensityProjection`.

    Returns
    -------
    View
        The last line of a notebook's cell shows it; ``.save("page.html")`` writes a page.

    Raises
    ------
    ModuleNotFoundError
        If chemiscope is not installed.
    TypeError, ValueError
        If frames are no frames (see `ParticleBatch.from_frames`), or the rows of features or properties are as many as
        neither the frames nor the particles, or hold NaN or infinite values, or a name is empty or given twice.
    OSError
        If there is no such file, or `out` cannot be written.
    """
    try:
        from chemiscope import create_input
    except ModuleNotFoundError as error:
        if error.name != "chemiscope":
            raise
        raise ModuleNotFoundError(
            "view needs chemiscope, which is not installed: pip install 'anisoap_opt[view]'", name="chemiscope"
        ) from None
    columns = Columns(rotation_key, rotation_type, quaternion_order, diameter_key, diameters)
    batch = _batch(frames, columns)
    shown = {"frame": property_of("frame", np.arange(batch.num_frames), batch)}
    if features is not None:
        shown |= axes_of_map(features, feature_names, batch)
    for name, values in (properties or {}).items():
        if not str(name) or str(name) in shown:
            raise ValueError(
                f"properties: {str(name)!r} cannot be a name here, for it is {'shown' if name else 'empty'}"
            )
        shown[str(name)] = property_of(str(name), values, batch)
    structures = _structures(batch)
    names = [name for name in shown if name != "frame"]
    per_particle = any(one["target"] == "atom" for one in shown.values())
    if per_particle:  # a map has points of one kind only
        for one in shown.values():
            if one["target"] == "structure":
                one |= {"target": "atom", "values": one["values"][batch.frame_of_particle]}
    settings: dict[str, Any] = {
        "structure": [{"shape": "ellipsoids", "atoms": False, "bonds": False, "unitCell": True}]
    }
    if names:
        x, y = (names if len(names) > 1 else ["frame", *names])[:2]
        settings["map"] = {"x": {"property": x}, "y": {"property": y}}
        color = next(iter(properties or {}), None) or names[-1]
        settings["map"]["color"] = {"property": str(color)}
    dataset = create_input(
        structures,
        properties=shown,
        environments=_every_particle(batch) if per_particle else None,
        shapes={"ellipsoids": _ellipsoids(batch)},
        settings=settings,
        metadata={"name": "anisoap_opt"},
    )
    made = View(dataset)
    if out is not None:
        made.save(out)
    return made


def _batch(frames: Any, columns: Columns) -> ParticleBatch:
    from anisoap_opt.reading import read_batch
    from anisoap_opt.streaming import paths_of

    paths = None if hasattr(frames, "get_positions") else paths_of(frames)
    if paths is None:
        return ParticleBatch.read(frames, columns)
    return ParticleBatch.joined([read_batch(Path(path), ":", columns) for path in paths])


def _structures(batch: ParticleBatch) -> list[dict[str, Any]]:
    from ase.data import chemical_symbols

    structures = []
    for frame, (first, last) in enumerate(zip(batch.offsets[:-1], batch.offsets[1:], strict=True)):
        types = batch.types[first:last]
        x, y, z = np.round(batch.positions[first:last].T, DIGITS).tolist()
        one = {
            "size": int(last - first),
            "names": [chemical_symbols[t] if t < len(chemical_symbols) else str(t) for t in types.tolist()],
            "x": x, "y": y, "z": z,
        }  # fmt: skip
        cell = batch.cells[frame]
        if batch.pbc[frame].any() and abs(np.linalg.det(cell)) > 0:
            one["cell"] = np.round(cell, DIGITS).ravel().tolist()
        structures.append(one)
    return structures


def _every_particle(batch: ParticleBatch) -> list[tuple[int, int, float]]:
    """Frame, particle, and a radius around it, Å, which chemiscope asks for and which shows nothing here."""
    frames = batch.frame_of_particle
    return [(int(f), int(i), 1.0) for f, i in zip(frames, np.arange(len(frames)) - batch.offsets[frames], strict=True)]


def _ellipsoids(batch: ParticleBatch) -> dict[str, Any]:
    """The shape of every particle. chemiscope's quaternions end with w, as SciPy's do."""
    from ase.data import chemical_symbols
    from scipy.spatial.transform import Rotation

    quaternions = Rotation.from_matrix(batch.rotations).as_quat().tolist() if len(batch.types) else []
    atoms: list[dict[str, Any]] = []
    for semiaxes, quaternion, kind in zip(batch.semiaxes.tolist(), quaternions, batch.types.tolist(), strict=True):
        atoms.append({"semiaxes": semiaxes, "orientation": quaternion})
        if not 0 < kind < len(chemical_symbols):
            atoms[-1]["color"] = UNKNOWN
    return {"kind": "ellipsoid", "parameters": {"global": {}, "atom": atoms}}


def _packed(text: str) -> str:
    return base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode("ascii")
