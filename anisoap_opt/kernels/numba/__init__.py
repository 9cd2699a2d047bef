"""The compiled CPU kernel. Start with the README beside this file."""

from anisoap_opt.kernels.numba.kernel import Kernel
from anisoap_opt.kernels.numba.neighbors import find_neighborhoods

__all__ = ["Kernel", "find_neighborhoods"]
