"""What a caller may choose about a kernel."""

from dataclasses import dataclass


@dataclass(frozen=True)
class KernelOptions:
    """Precision and place of a calculation.

    Attributes
    ----------
    dtype : {"float64", "float32"}
        Of the moments of each pair and of the coefficients; sums (`numba`: over more than eight pairs) and the basis
        change are float64 wherever the device has it.
    device : str
        "cpu" for all backends but `torch_full`, which takes any Torch device.
    """

    dtype: str = "float64"
    device: str = "cpu"
