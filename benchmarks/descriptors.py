"""Benchmarks of whole descriptors: the kernel's share, the expansion, the power spectrum, and the study's systems."""

from __future__ import annotations

from benchmarks import workloads
from benchmarks.backends import BACKENDS, all_but
from benchmarks.common import Measured, Work
from benchmarks.stored_values import STORED_FRAMES


class Kernel(Measured):
    """Seconds per pair where pairs are nearly everything: `power_spectrum` of particles that all see one another.

    Degree of the moments 6 (max_angular 6, coupled n) and 21 (max_angular 9, max_radial 6). Measured through the
    calculator, because kernels are no public part of the package: at degree 21 over nine tenths of the time are the
    kernel's, at degree 6 half, the rest is the search for pairs. `reference` has no kernel to speak of.
    """

    params = (all_but("reference"), (6, 21))
    param_names = ("backend", "degree")
    version = "1"

    def work(self, backend: str, degree: int) -> Work:
        size, num_particles = {6: ("(6, None)", 300), 21: ("(9, 6)", 100)}[degree]
        frames = workloads.droplet(num_particles)
        return Work(backend, frames, workloads.HYPERS[size], units=num_particles**2)

    track_seconds_per_pair = Measured.seconds_per_pair


class Bulk(Measured):
    """One periodic frame of N particles of one or four types, max_angular 6 with coupled n."""

    params = (BACKENDS, (1, 4), (24, 192))
    param_names = ("backend", "species", "N")
    method = ""

    def work(self, backend: str, species: int, N: int) -> Work:
        if backend == "reference" and N > 24:
            raise NotImplementedError("seconds a call, and its time per pair is known")
        frames, hypers = workloads.bulk(N, species), workloads.HYPERS["(6, None)"]
        return Work(backend, frames, hypers, self.method, reference=f"{self.method}, {species} types, N = {N}")


class Expansion(Bulk):
    """`transform`, from a frame to a TensorMap."""

    version = "2"
    method = "transform"
    time_transform = Measured.seconds
    track_peak_memory = Measured.peak_memory
    track_error = Measured.error


class PowerSpectrum(Bulk):
    """`power_spectrum`, from a frame to an array."""

    version = "2"
    method = "power_spectrum"
    time_power_spectrum = Measured.seconds
    track_peak_memory = Measured.peak_memory
    track_error = Measured.error


class Gradients(Measured):
    """`power_spectrum` of every centre with gradients of one kind, one bulk frame of two types."""

    params = (all_but("reference", "torch_mixed"), ("positions", "orientations", "strain"), (24, 192))
    param_names = ("backend", "kind", "N")
    version = "1"

    def work(self, backend: str, kind: str, N: int) -> Work:
        call = {"mean_over_samples": False, "compute_gradients": [kind]}
        return Work(backend, workloads.bulk(N, 2), workloads.HYPERS["(6, None)"], call=call)

    time_gradients = Measured.seconds
    track_peak_memory = Measured.peak_memory


class Systems(Measured):
    """`power_spectrum` end to end on the files of ``data/``; `reference` on the first frames only."""

    params = (workloads.SYSTEMS, BACKENDS)
    param_names = ("system", "backend")
    version = "2"
    timeout = 300

    def work(self, system: str, backend: str) -> Work:
        frames = workloads.system(system)
        if backend == "reference":
            frames = frames[: 8 if system == "ellipsoids" else STORED_FRAMES]
        hypers, units = workloads.hypers_of(system), len(frames)
        return Work(backend, frames, hypers, units=units, reference=system, reference_frames=STORED_FRAMES)

    track_seconds_per_frame = Measured.seconds_per_frame
    track_peak_memory = Measured.peak_memory
    track_error = Measured.error
