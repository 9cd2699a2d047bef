"""What a GPU's compiler says of the kernels, on any machine: ``python -m benchmarks.gpu_static [--arch 90 …]``.

Warp writes PTX without a GPU, and NVIDIA's assembler (``nvidia-cuda-nvcc`` on PyPI) makes it machine code: registers
a thread, bytes spilled and shared memory a block, for every kernel, degree and dtype.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.table import markdown

if TYPE_CHECKING:
    from anisoap_opt.kernels.warp.launch import Variant

ARCHITECTURES = (80, 90, 100)
DEGREES = (*range(9), 9, 12, 21)
DTYPES = ("float64", "float32")
USAGE = re.compile(
    r"Function properties for (?P<name>\w+)\s+(?P<stack>\d+) bytes stack frame, (?P<stores>\d+) bytes spill stores, "
    r"(?P<loads>\d+) bytes spill loads\n.*?Used (?P<registers>\d+) registers"
)
"""What ``ptxas -v`` tells of a function."""


def assembler() -> Path | None:
    """The program ``ptxas`` of the package, None if it is not installed."""
    found = find_spec("nvidia")
    for folder in found.submodule_search_locations or () if found else ():
        for path in Path(folder).glob("*/bin/ptxas"):
            return path
    return None


def modules() -> Iterator[tuple[str, Any, int]]:
    """Name, Warp module and threads of a block of everything that is compiled for a GPU."""
    from anisoap_opt.kernels.warp import coupling, derivatives, launch, neighbors, search

    yield "search", search.search.module, neighbors.THREADS
    yield "coupling", coupling.couple.module, 128
    for dtype in DTYPES:
        yield f"sums {dtype}", launch.sums(dtype).module, 256
        yield f"derivatives {dtype}", derivatives.pair_kernels(dtype)["pull"].module, derivatives.THREADS
        for degree in DEGREES:
            yield from moments(degree, dtype, launch.Variant.of(degree, dtype))
        for degree in range(launch.Variant.straight_line_degree + 1):
            yield pull_back(degree, dtype)


def moments(degree: int, dtype: str, variant: Variant) -> Iterator[tuple[str, Any, int]]:
    """The same of the moments of one degree, as a variant sums them."""
    from anisoap_opt.kernels.warp import launch

    code = launch.moments(degree, dtype, variant)
    for part, kernel in enumerate(code.kernels, 1):
        name = f"moments {degree} {dtype}" + (f", part {part}" if variant.parts > 1 else "")
        yield name, kernel.module, code.threads


def pull_back(degree: int, dtype: str) -> tuple[str, Any, int]:
    """The same of the pull-back of one degree, as it is by default."""
    from anisoap_opt.kernels.warp import derivatives, launch

    variant = launch.Variant.of(degree, dtype)
    return f"pull-back {degree} {dtype}", derivatives.pull_back_kernel(degree, dtype, variant).module, variant.threads


def usage(module: Any, threads: int, arch: int) -> dict[str, dict[str, int]]:
    """Registers, bytes spilled and bytes of the stack of each kernel of a module, by the kernel's name."""
    import warp as wp

    program = assembler()
    if program is None:
        raise ModuleNotFoundError("ptxas is not installed: pip install 'anisoap_opt[gpu-static]'")
    module.options["block_dim"] = threads
    with tempfile.TemporaryDirectory() as folder:
        wp.compile_aot_module(module, arch=arch, module_dir=folder, use_ptx=True)
        (ptx,) = Path(folder).glob("*.ptx")
        ptx.write_bytes(ptx.read_bytes().rstrip(b"\0"))  # ptxas refuses what Warp ends the text with
        command = [program, "-v", f"-arch=sm_{arch}", ptx, "-o", Path(folder) / "out"]
        ended = subprocess.run(command, capture_output=True, text=True)
        if ended.returncode:
            raise RuntimeError(f"ptxas refused {module.name} for sm_{arch}: {ended.stderr}{ended.stdout}")
        told = ended.stderr + ended.stdout
    return {
        re.sub(r"_[0-9a-f]{8}_cuda_kernel_forward$", "", one["name"]): {
            "registers": int(one["registers"]),
            "spilled": int(one["stores"]) + int(one["loads"]),
            "stack": int(one["stack"]),
        }
        for one in USAGE.finditer(told)
        if one["name"].endswith("_forward")
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--arch", type=int, nargs="+", default=ARCHITECTURES)
    options = parser.parse_args()
    body = []
    for name, module, threads in modules():
        by_arch = [usage(module, threads, arch) for arch in options.arch]
        for kernel in by_arch[0]:
            cells = [f"{one[kernel]['registers']} / {one[kernel]['spilled']}" for one in by_arch]
            body.append([name if len(by_arch[0]) == 1 else f"{name}: {kernel}", str(threads), *cells])
    print("registers a thread / bytes spilled\n")
    print(markdown(["kernel", "threads", *(f"sm_{arch}" for arch in options.arch)], body))


if __name__ == "__main__":
    main()
