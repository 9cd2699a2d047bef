"""`AniSOAPCalculator`: a model on the descriptors as a calculator of ASE; needs the extra ``torch``."""

# mypy: disable-error-code=no-untyped-call

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from ase.calculators.calculator import Calculator, PropertyNotImplementedError, all_changes
from ase.outputs import Properties

from anisoap_opt import checks
from anisoap_opt.columns import ANY_QUATERNION, Columns, find
from anisoap_opt.frames import ParticleBatch
from anisoap_opt.nn import AniSOAP

if TYPE_CHECKING:
    import torch
    from ase import Atoms


class AniSOAPCalculator(Calculator):
    """Energy, forces, stress and torques of a model on AniSOAP features, for ASE's dynamics and optimisers.

    The energy E is the sum of all that the model returns. With positions x, a strain ε that multiplies positions and
    cell from the right, 1 + ε, and rotation vectors θ that turn the particles in space, R → exp([θ]×) R,

        forces = -∂E/∂x,   stress = ∂E/∂ε / V,   torques = -∂E/∂θ.

    ASE moves positions and cells, not orientations: those are read from the frame's arrays at every step. The torques,
    [particles, 3], eV, axes of space, are in ``results["torques"]`` after a calculation of forces, and what
    ``get_property("torques", atoms)`` returns.

    Parameters
    ----------
    model : torch.nn.Sequential
        First an `anisoap_opt.nn.AniSOAP`, then what maps its features to energies in eV: one for each row, [rows] or
        [rows, 1]. The dtype of its parameters, float64 or float32, and their device are those of the calculation;
        without parameters, float64 on the CPU. It is called as it is: `model.eval()` first, if that makes a difference.
    reduce : {None, "mean", "sum"}
        What a row is: by default one particle, and `results["energies"]` are theirs; else the frame, whose features are
        the mean or the sum over the particles of each type.
    rotation_key, rotation_type, quaternion_order, diameter_key, diameters
        Which arrays of the frame hold orientations and sizes: see `anisoap_opt.EllipsoidalDensityProjection`.

    Notes
    -----
    The stress is in eV/Å³, xx, yy, zz, yz, xz, xy, positive under tension, all as in ASE. With orientations held, ∂E/∂ε
    is not symmetric: its antisymmetric part balances the sum of the torques, see the documentation's page on
    derivatives. ASE's six numbers are the symmetric part.

    A result is kept until positions, cell, types, orientations or sizes change. After a change of the model itself,
    call `reset()`.

    A hard cutoff gives a warning: energies then jump where a neighbour crosses it.

    Raises
    ------
    TypeError
        If `model` is not such a sequence, or an argument has a wrong type.
    ValueError
        If its parameters differ in dtype or device, or an argument makes no sense.
    """

    implemented_properties = ["energy", "free_energy", "energies", "forces", "stress", "torques"]
    ignored_changes = {"initial_charges", "initial_magmoms"}

    def __init__(
        self,
        model: torch.nn.Sequential,
        *,
        reduce: str | None = None,
        rotation_key: str = ANY_QUATERNION,
        rotation_type: str = "quaternion",
        quaternion_order: str | None = None,
        diameter_key: str | None = None,
        diameters: Sequence[float] | None = None,
    ) -> None:
        super().__init__()
        descriptor = _check_model(model)
        self.model = model
        self.reduce = None if reduce is None else checks.choice("reduce", reduce, ("mean", "sum"))
        self.columns = Columns(rotation_key, rotation_type, quaternion_order, diameter_key, diameters)
        if descriptor.cutoff_smoothing is None:
            checks.warn(
                "the descriptor's cutoff is hard, so the energy jumps where a neighbour crosses it: give the AniSOAP "
                "module a cutoff_smoothing for dynamics and optimisers"
            )

    def check_state(self, atoms: Atoms, tol: float = 1e-15) -> list[str]:
        """What changed since the last calculation: what ASE looks at, and arrays of orientations and sizes."""
        changes: list[str] = super().check_state(atoms, tol=tol)
        if self.atoms is not None:
            before, now = self._shapes(self.atoms), self._shapes(atoms)
            names = before.keys() | now.keys()
            changes += [name for name in names if not np.array_equal(before.get(name, []), now.get(name, []))]
        return changes

    def _shapes(self, atoms: Atoms) -> dict[str, Any]:
        """The arrays that orientations and sizes are read from, as far as they are there."""
        layout = frozenset(atoms.arrays)
        sources = find(self.columns, "rotations", layout)[:1]
        if self.columns.diameters is None:
            sources = sources + find(self.columns, "sizes", layout)[:1]
        return {name: atoms.arrays[name] for source in sources for name in source.names if name in layout}

    def calculate(
        self,
        atoms: Atoms | None = None,
        properties: Sequence[str] = ("energy",),
        system_changes: Sequence[str] = tuple(all_changes),
    ) -> None:
        """Fill `results`: energies alone if no more is asked for, else all that there is.

        Raises
        ------
        ase.calculators.calculator.PropertyNotImplementedError
            If the stress is asked for and the cell has no volume, or energies of particles with `reduce`.
        TypeError, ValueError, RuntimeError
            If the frame is not usable, or what the model returns; the message says what and where.
        """
        super().calculate(atoms, properties, system_changes)
        self.results = {}  # if what follows fails, none of another frame may stay
        frame: Any = self.atoms
        has_volume = frame.cell.rank == 3
        if "stress" in properties and not has_volume:
            raise PropertyNotImplementedError("stress needs a cell of three vectors: without it there is no volume")
        if "energies" in properties and self.reduce is not None:
            raise PropertyNotImplementedError(f"with reduce={self.reduce!r} the model has no energies of particles")
        import torch

        batch = ParticleBatch.read([frame], self.columns)
        wants_gradients = not {"energy", "free_energy", "energies"}.issuperset(properties)
        if wants_gradients and torch.is_inference_mode_enabled():
            raise RuntimeError("forces, stress and torques need gradients, which torch.inference_mode turns off")
        with torch.set_grad_enabled(wants_gradients):
            variables, rows = self._energies(batch)
            total = rows.sum()
            self.results = dict.fromkeys(("energy", "free_energy"), float(total.detach()))
            if self.reduce is None:
                self.results["energies"] = _array(rows)
            if wants_gradients:
                of_positions, of_strain, of_turns = _gradients(total, variables)
                self.results["forces"], self.results["torques"] = -of_positions, -of_turns
                if has_volume:
                    self.results["stress"] = _voigt(of_strain / frame.get_volume())

    def _energies(self, batch: ParticleBatch) -> tuple[list[torch.Tensor], torch.Tensor]:
        """The variables, positions [particles, 3], strain [3, 3], rotation vectors [particles, 3]; energies [rows]."""
        import torch

        dtype, device = _kind_of(self.model)

        def tensor(array: Any) -> torch.Tensor:
            return torch.as_tensor(array, dtype=dtype, device=device)

        positions, rotations = tensor(batch.positions).requires_grad_(), tensor(batch.rotations)
        strain = positions.new_zeros((3, 3), requires_grad=True)
        turns = torch.zeros_like(positions, requires_grad=True)
        deformation = torch.eye(3, dtype=dtype, device=device) + strain
        features = self.model[0](
            positions @ deformation, torch.as_tensor(batch.types), tensor(batch.semiaxes),
            rotations=rotations + torch.linalg.cross(turns[:, :, None], rotations, dim=1),  # of exp([θ]×) R at θ = 0
            cells=tensor(batch.cells) @ deformation, pbc=torch.as_tensor(batch.pbc), reduce=self.reduce,
        )  # fmt: skip
        energies = self.model[1:](features)
        shape = tuple(energies.shape) if isinstance(energies, torch.Tensor) else type(energies).__name__
        if shape not in ((len(features),), (len(features), 1)):
            what = "particle" if self.reduce is None else "frame"
            wanted = f"[{len(features)}] or [{len(features)}, 1]"
            raise ValueError(f"the model must return one energy for each {what}, {wanted}, it returned {shape}")
        return [positions, strain, turns], energies.reshape(-1)

    def export_properties(self) -> Properties:
        """The results that ASE has names for: all but the torques."""
        return Properties({name: value for name, value in self.results.items() if name != "torques"})


def _check_model(model: Any) -> AniSOAP:
    """The descriptor of a model."""
    import torch

    wanted = "model must be a torch.nn.Sequential of an anisoap_opt.nn.AniSOAP and what maps features to energies"
    if not isinstance(model, torch.nn.Sequential):
        raise TypeError(f"{wanted}, got {type(model).__name__}")
    if len(model) < 2 or not isinstance(model[0], AniSOAP):
        raise TypeError(f"{wanted}, got a sequence of {', '.join(type(one).__name__ for one in model) or 'nothing'}")
    _kind_of(model)
    return model[0]


def _kind_of(model: torch.nn.Sequential) -> tuple[torch.dtype, torch.device]:
    """Dtype and device of the modules behind the descriptor."""
    import torch

    behind = model[1:]
    tensors = [one for one in (*behind.parameters(), *behind.buffers()) if one.is_floating_point()]
    kinds = {(one.dtype, one.device) for one in tensors} or {(torch.float64, torch.device("cpu"))}
    if len(kinds) > 1:
        found = " and ".join(sorted(f"{dtype} on {device}" for dtype, device in kinds))
        raise ValueError(f"the model's parameters must be of one dtype on one device, they are {found}")
    ((dtype, device),) = kinds
    if dtype not in (torch.float64, torch.float32):
        raise ValueError(f"the model's parameters must be float64 or float32, they are {dtype}")
    return dtype, device


def _gradients(energy: torch.Tensor, variables: list[torch.Tensor]) -> list[Any]:
    """Derivatives of the energy as arrays."""
    import torch

    if not energy.requires_grad:
        raise RuntimeError(
            "the model's energy has no gradient in its features: a module detaches them, or does not use them"
        )
    return [_array(one) for one in torch.autograd.grad(energy, variables, allow_unused=True, materialize_grads=True)]


def _voigt(stress: Any) -> Any:
    """xx, yy, zz, yz, xz, xy of the symmetric part."""
    return ((stress + stress.T) / 2)[[0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 2, 1]]


def _array(tensor: torch.Tensor) -> Any:
    return tensor.detach().cpu().double().numpy()
