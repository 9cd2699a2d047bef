"""The compiled CPU kernel. Start with the README beside this file."""

from numba import config

if getattr(config, "DISABLE_JIT", False):
    raise ImportError("the backend 'numba' needs Numba's compiler, which NUMBA_DISABLE_JIT turns off; choose another")

from anisoap_opt.kernels.numba.announce import listen
from anisoap_opt.kernels.numba.kernel import Kernel
from anisoap_opt.kernels.numba.neighbors import find_neighborhoods
from anisoap_opt.kernels.numba.records import make_gaussians
from anisoap_opt.kernels.numba.reduction import sum_over_frames
from anisoap_opt.kernels.numba.threads import num_threads

__all__ = ["Kernel", "find_neighborhoods", "make_gaussians", "num_threads", "sum_over_frames"]

listen()
