"""`anisoap_opt.ase.AniSOAPCalculator`: what ASE reads from it, and ASE's dynamics, optimisers and files on top."""

from __future__ import annotations

import pickle
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms, units
from ase.calculators.calculator import PropertyNotImplementedError
from scipy.spatial.transform import Rotation

torch = pytest.importorskip("torch")

from anisoap_opt.ase import AniSOAPCalculator  # noqa: E402
from anisoap_opt.frames import ParticleBatch  # noqa: E402
from tests.frames_for_tests import DIAMETERS, TRICLINIC, random_frame, rotations_of, with_matrices  # noqa: E402
from tests.nn.systems import module  # noqa: E402
from tests.tolerances import assert_close  # noqa: E402

CRYSTAL: dict[str, Any] = {"cell": 1.5 * TRICLINIC, "pbc": True}


class Distance(torch.nn.Module):
    """Squared distance of the features from those of one frame, where it is 0."""

    def __init__(self, target: Any) -> None:
        super().__init__()
        self.register_buffer("target", target)

    def forward(self, features: Any) -> Any:
        return 100 * ((features - self.target) ** 2).sum(dim=1) / (self.target**2).sum()


def model(*behind: Any, dtype: Any = torch.float64, **changes: Any) -> Any:
    """A small descriptor with a smooth cutoff, and a layer that is no linear one behind it unless one is given."""
    descriptor = module(**{"backend": None, "cutoff_smoothing": 1.5, **changes})
    if not behind:
        torch.manual_seed(0)
        hidden = torch.nn.Linear(descriptor.num_features, 5, dtype=dtype)
        behind = hidden, torch.nn.Tanh(), torch.nn.Linear(5, 1, dtype=dtype)
    return torch.nn.Sequential(descriptor, *behind)


def with_calculator(frame: Atoms, own_model: Any = None, **options: Any) -> Atoms:
    frame.calc = AniSOAPCalculator(model() if own_model is None else own_model, **options)
    return frame


def turned(frame: Atoms, vector: Any) -> Any:
    """Quaternions of the frame's particles, turned by rotation vectors in space."""
    return np.roll((Rotation.from_rotvec(vector) * rotations_of(frame)).as_quat(), 1, axis=1)


def slope(energy: Any, shape: tuple[int, ...], step: float = 1e-3) -> Any:
    """Central differences of fourth order of a function of an array, at zero."""
    out = np.empty(shape)
    for k in np.ndindex(shape):
        along = np.zeros(shape)
        along[k] = step
        out[k] = (8 * (energy(along) - energy(-along)) - (energy(2 * along) - energy(-2 * along))) / (12 * step)
    return out


@pytest.mark.parametrize(("pbc", "reduce"), [(True, None), ((True, True, False), "sum"), (False, "mean")])
def test_derivatives_of_the_energy(pbc: Any, reduce: str | None) -> None:
    frame = with_calculator(random_frame(1, 3, cell=TRICLINIC, pbc=pbc), reduce=reduce)

    def energy(change: Any) -> float:
        copy = frame.copy()
        if change.shape == (2, 3, 3):
            copy.positions += change[0]
            copy.arrays["c_q"] = turned(frame, change[1])
        else:
            copy.set_cell(frame.cell.array @ (np.eye(3) + change), scale_atoms=True)
        return with_calculator(copy, frame.calc.model, reduce=reduce).get_potential_energy()

    of_positions, of_turns = slope(energy, (2, 3, 3))
    assert_close(frame.get_forces(), -of_positions, 1e-7)
    assert_close(frame.calc.get_property("torques", frame), -of_turns, 1e-7)
    of_strain = slope(energy, (3, 3)) / frame.get_volume()
    assert_close(frame.get_stress(voigt=False), (of_strain + of_strain.T) / 2, 1e-7)


def test_energies_of_particles_add_up() -> None:
    frame = with_calculator(random_frame(2, 4))
    energies, total = frame.get_potential_energies(), frame.get_potential_energy()
    assert energies.shape == (4,)
    assert_close(energies.sum(), total, 1e-14)
    assert frame.get_potential_energy(force_consistent=True) == total
    with pytest.raises(PropertyNotImplementedError, match="reduce='sum'"):
        with_calculator(frame, reduce="sum").get_potential_energies()


def test_what_is_asked_for_is_what_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    """The energy alone without gradients; after the forces everything is there."""
    frame, calls, forward = with_calculator(random_frame(3, 3, **CRYSTAL)), [], torch.nn.Tanh.forward
    monkeypatch.setattr(torch.nn.Tanh, "forward", lambda self, x: calls.append(x.requires_grad) or forward(self, x))
    frame.get_potential_energy()
    frame.get_forces()
    frame.get_potential_energy()
    frame.get_stress()
    assert calls == [False, True]


def test_no_volume_no_stress_and_no_gradients_no_forces() -> None:
    frame = with_calculator(random_frame(4, 3))
    with torch.inference_mode(), pytest.raises(RuntimeError, match=r"which torch.inference_mode turns off"):
        frame.get_forces()
    frame.get_forces()
    with pytest.raises(PropertyNotImplementedError, match="stress needs a cell"):
        frame.get_stress()


@pytest.mark.parametrize("name", ["c_q", DIAMETERS[1], "positions", "numbers"])
def test_a_changed_array_is_noticed(name: str) -> None:
    frame = with_calculator(random_frame(5, 3))
    before = frame.calc.get_property("torques", frame)
    assert not frame.calc.calculation_required(frame, ["torques"])
    frame.set_initial_charges([1.0, 2.0, 3.0])  # which no model here looks at
    frame.arrays["momenta"] = np.ones((3, 3))
    assert not frame.calc.calculation_required(frame, ["torques"])
    frame.arrays[name][1] = frame.arrays[name][0 if name == "numbers" else 2]
    assert frame.calc.calculation_required(frame, ["torques"])
    after = frame.calc.get_property("torques", frame)
    assert np.abs(after - before).max() > 1e-6
    assert_close(after, with_calculator(frame.copy(), frame.calc.model).calc.get_property("torques", frame), 1e-14)


def test_orientations_under_another_name_are_noticed() -> None:
    frame = with_calculator(random_frame(5, 3))
    before = frame.get_potential_energy()
    frame.arrays["quaternion"] = frame.arrays["c_q"][::-1].copy()
    with pytest.warns(UserWarning, match="took 'quaternion'"):
        assert abs(frame.get_potential_energy() - before) > 1e-6


def test_old_results_are_not_taken_for_those_of_a_frame_that_fails() -> None:
    frame = with_calculator(random_frame(5, 3))
    frame.get_forces()
    bad = frame.copy()
    bad.arrays["c_q"][2] = 0
    for call in (frame.calc.calculate, frame.calc.get_potential_energy):
        with pytest.raises(ValueError, match="frame 0, particle 2: 'c_q' must be a finite quaternion"):
            call(bad)


def test_other_columns() -> None:
    frame = random_frame(6, 3)
    for name in DIAMETERS:
        frame.arrays[name][:] = 2.0 + DIAMETERS.index(name)
    expected = with_calculator(frame.copy()).get_forces()
    other = with_matrices(frame)
    for name in DIAMETERS:
        del other.arrays[name]
    options: Any = {"rotation_key": "matrices", "rotation_type": "matrix", "diameters": (2, 3, 4)}
    assert_close(with_calculator(other, **options).get_forces(), expected, 1e-12)
    with pytest.raises(ValueError, match="frame 0 has no array 'matrices'"):
        AniSOAPCalculator(model(), **options).get_potential_energy(frame)


def test_float32() -> None:
    single, double = model(dtype=torch.float32), model()
    double[1:].load_state_dict(single[1:].state_dict())
    frame = random_frame(7, 4, **CRYSTAL)
    for what in ("get_forces", "get_stress"):
        ours, exact = (getattr(with_calculator(frame.copy(), one), what)() for one in (single, double))
        assert ours.dtype == np.float64
        assert 0 < np.abs(ours - exact).max() < 1e-4 * np.abs(exact).max()


@pytest.mark.parametrize("num", [0, 1])
def test_few_particles(num: int) -> None:
    frame = with_calculator(random_frame(8, num))
    frame.calc.calculate(frame, ["forces"])
    assert np.isfinite(frame.get_potential_energy())
    for what in (frame.get_forces(), frame.calc.results["torques"]):
        assert what.shape == (num, 3)
        assert np.abs(what).max(initial=0) < 1e-15


def test_velocity_verlet_conserves_the_energy() -> None:
    """At fixed orientations: half the step, a quarter of the fluctuation."""
    from ase.md.verlet import VelocityVerlet

    def fluctuation(step: float) -> float:
        frame = with_calculator(random_frame(9, 4), own)
        frame.set_momenta(np.random.default_rng(0).normal(size=(4, 3)))
        totals: list[float] = []
        with VelocityVerlet(frame, timestep=step * units.fs) as dynamics:  # old releases leave a file open otherwise
            dynamics.attach(lambda: totals.append(frame.get_total_energy()))
            dynamics.run(round(40 / step))
        return float(np.ptp(totals))

    own = model()
    with torch.no_grad():
        own[-1].weight *= 30
    coarse, fine = fluctuation(2.0), fluctuation(1.0)
    assert coarse > 1e-6
    assert 3.5 < coarse / fine < 4.5


def test_optimisers_and_cell_filters_find_the_way_back() -> None:
    """To the frame whose features the model knows: positions first, then the cell as well."""
    from ase.filters import FrechetCellFilter
    from ase.optimize import BFGS

    frame = random_frame(10, 3, cell=TRICLINIC, pbc=True)
    descriptor = model(max_angular=3, subtract_center_contribution=True)[0]
    own = torch.nn.Sequential(descriptor, Distance(descriptor.from_batch(ParticleBatch.from_frames([frame]))))
    strain = 0.01 * np.array([[1, 1, 0], [1, 0, 0], [0, 0, -1]])
    for wrap in (lambda one: one, FrechetCellFilter):
        moved = with_calculator(frame.copy(), own)
        if wrap is FrechetCellFilter:
            moved.set_cell(frame.cell.array @ (np.eye(3) + strain), scale_atoms=True)
        moved.rattle(0.02, seed=1)
        start = moved.get_potential_energy()
        assert start > 0.5
        with BFGS(wrap(moved), logfile=None) as optimiser:
            assert optimiser.run(fmax=1e-3, steps=100)
        assert moved.get_potential_energy() < 1e-5 * start


def test_files_and_copies(tmp_path: Path) -> None:
    from ase.io import read, write

    frame = with_calculator(random_frame(11, 3, **CRYSTAL))
    frame.get_forces()
    for name, decimals in (("frame.xyz", 8), ("frame.traj", 16)):
        write(tmp_path / name, frame)
        np.testing.assert_array_almost_equal(read(tmp_path / name).get_forces(), frame.get_forces(), decimals)
    assert_close(frame.get_properties(["forces"])["forces"], frame.get_forces(), 0)
    torch.save(frame.calc.model, tmp_path / "model.pt")
    stored = torch.load(tmp_path / "model.pt", weights_only=False)
    for twin in (AniSOAPCalculator(stored), pickle.loads(pickle.dumps(frame.calc))):
        assert_close(twin.get_forces(frame.copy()), frame.get_forces(), 0)


def test_a_hard_cutoff_gives_a_warning() -> None:
    with pytest.warns(UserWarning, match="cutoff is hard") as caught:
        AniSOAPCalculator(model(cutoff_smoothing=None))
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        AniSOAPCalculator(model())


class Mixed(torch.nn.Linear):
    def __init__(self) -> None:
        super().__init__(3, 3)
        self.register_buffer("scale", torch.ones(3, dtype=torch.float64))


@pytest.mark.parametrize(
    ("bad", "error", "message"),
    [
        (lambda: torch.nn.Linear(3, 1), TypeError, "torch.nn.Sequential of an anisoap_opt.nn.AniSOAP .* got Linear"),
        (lambda: torch.nn.Sequential(torch.nn.Tanh(), torch.nn.Tanh()), TypeError, "got a sequence of Tanh, Tanh"),
        (lambda: torch.nn.Sequential(module()), TypeError, "got a sequence of AniSOAP"),
        (lambda: model(Mixed()), ValueError, "one dtype .* they are torch.float32 on cpu and torch.float64"),
        (lambda: model(torch.nn.Linear(3, 1).half()), ValueError, "must be float64 or float32, they are torch.float16"),
    ],
    ids=["no sequence", "no descriptor", "nothing behind", "mixed", "half"],
)
def test_bad_models(bad: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        AniSOAPCalculator(bad())


class Function(torch.nn.Module):
    def __init__(self, function: Any) -> None:
        super().__init__()
        self.forward = function


@pytest.mark.parametrize(
    ("function", "error", "message"),
    [
        (lambda x: x, ValueError, r"one energy for each particle, \[3\] or \[3, 1\], it returned \(3, \d+\)"),
        (lambda x: x.sum(), ValueError, r"it returned \(\)"),
        (lambda x: x.detach().numpy()[:, 0], ValueError, "it returned ndarray"),
        (lambda x: x.detach().sum(dim=1), RuntimeError, "no gradient in its features"),
    ],
)
def test_bad_results(function: Any, error: type[Exception], message: str) -> None:
    frame = with_calculator(random_frame(12, 3), model(Function(function)))
    with pytest.raises(error, match=message):
        frame.get_forces()


def test_bad_arguments() -> None:
    with pytest.raises(ValueError, match="reduce must be one of 'mean', 'sum'"):
        AniSOAPCalculator(model(), reduce="max")
    with pytest.raises(ValueError, match="leave out diameter_key"):
        AniSOAPCalculator(model(), diameters=(1, 1, 1), diameter_key="c_diameter")
