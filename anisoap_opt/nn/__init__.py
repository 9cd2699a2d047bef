"""The descriptors as a torch module, differentiable once and twice; needs the extra ``torch``."""

from importlib.util import find_spec

if find_spec("torch") is None:
    raise ModuleNotFoundError(
        "anisoap_opt.nn needs torch, which is not installed: pip install 'anisoap_opt[torch]'", name="torch"
    )

from anisoap_opt.nn.mechanics import (
    EnergyForceTorqueLoss,
    apply_space_rotations,
    conservative_pair_forces_and_torques,
    conservative_training_step,
    pair_forces_to_atom_forces,
    rotation_vector_to_matrix,
)
from anisoap_opt.nn.module import AniSOAP
from anisoap_opt.nn.projection import EllipsoidalDensityProjection

__all__ = [
    "AniSOAP",
    "EllipsoidalDensityProjection",
    "EnergyForceTorqueLoss",
    "apply_space_rotations",
    "conservative_pair_forces_and_torques",
    "conservative_training_step",
    "pair_forces_to_atom_forces",
    "rotation_vector_to_matrix",
]
