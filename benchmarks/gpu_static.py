"""What a GPU's compiler says of the kernels, on any machine: ``python -m benchmarks.gpu_static [--arch 90 …]``.

Warp writes PTX without a GPU, NVIDIA's assembler (``nvidia-cuda-nvcc`` on PyPI) makes it machine code, and their
disassembler (``nvidia-cuda-nvdisasm``) lets count its instructions: registers a thread, bytes spilled, shared memory a
block, instructions a pair and what these allow (`benchmarks.gpu_model`), for every kernel, degree and dtype.
``--page docs/gpu.md`` puts the tables there.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import gpu_model
from benchmarks.table import markdown

if TYPE_CHECKING:
    from anisoap_opt.kernels.warp.launch import Variant

BEGIN, END = "<!-- kernels, by make gpu-static -->", "<!-- end of kernels -->"
COLUMNS = (
    "kernel", "threads", "registers", "spilled", "shared", "floating", "memory", "all", "warps", "pairs/s", "gate",
)  # fmt: skip
ARCHITECTURES = (80, 90, 100)
DEGREES = (*range(9), 9, 12, 21)
DTYPES = ("float64", "float32")
USAGE = re.compile(
    r"Function properties for (?P<name>\w+)\s+(?P<stack>\d+) bytes stack frame, (?P<stores>\d+) bytes spill stores, "
    r"(?P<loads>\d+) bytes spill loads\n.*?Used (?P<registers>\d+) registers(?:.*?, (?P<shared>\d+) bytes smem)?"
)
"""What ``ptxas -v`` tells of a function."""


def assembler(program: str = "ptxas") -> Path | None:
    """A program of NVIDIA's packages, None if it is not installed."""
    found = find_spec("nvidia")
    for folder in found.submodule_search_locations or () if found else ():
        for path in Path(folder).glob(f"*/bin/{program}"):
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


def usage(module: Any, threads: int, arch: int) -> dict[str, dict[str, Any]]:
    """Registers, bytes spilled, of the stack and shared of each kernel of a module, by the kernel's name.

    Where the disassembler is installed, the instructions of their loops too, see `gpu_model.loop_over_pairs`.
    """
    import warp as wp

    program, disassembler = assembler(), assembler("nvdisasm")
    if program is None:
        raise ModuleNotFoundError("ptxas is not installed: pip install 'anisoap_opt[gpu-static]'")
    module.options["block_dim"] = threads
    with tempfile.TemporaryDirectory() as folder:
        wp.compile_aot_module(module, arch=arch, module_dir=folder, use_ptx=True)
        (ptx,), (meta,) = Path(folder).glob("*.ptx"), Path(folder).glob("*.meta")
        ptx.write_bytes(ptx.read_bytes().rstrip(b"\0"))  # ptxas refuses what Warp ends the text with
        code = Path(folder) / "out"
        ended = subprocess.run([program, "-v", f"-arch=sm_{arch}", ptx, "-o", code], capture_output=True, text=True)
        if ended.returncode:
            raise RuntimeError(f"ptxas refused {module.name} for sm_{arch}: {ended.stderr}{ended.stdout}")
        told = ended.stderr + ended.stdout
        tiles = json.loads(meta.read_text())
        text = subprocess.run([disassembler, "-c", code], capture_output=True, text=True).stdout if disassembler else ""
    functions = dict(part.split(" ", 1) for part in re.split(r"-+ \.text\.", text)[1:])
    found = {}
    for one in USAGE.finditer(told):
        if one["name"].endswith("_forward"):
            found[re.sub(r"_[0-9a-f]{8}_cuda_kernel_forward$", "", one["name"])] = {
                "registers": int(one["registers"]),
                "spilled": int(one["stores"]) + int(one["loads"]),
                "stack": int(one["stack"]),
                "shared": int(one["shared"] or 0) + tiles.get(f"{one['name']}_smem_bytes", 0),
                "loops": gpu_model.loop_over_pairs(functions[one["name"]]) if functions else None,
            }
    return found


def row(name: str, threads: int, numbers: dict[str, Any], arch: int) -> list[str]:
    """What a table says of a kernel; of pairs only where it goes over pairs alone, by its name."""
    device, of_pair = gpu_model.DEVICES[arch], ["–"] * 3
    resident = gpu_model.warps(numbers["registers"], threads, numbers["shared"], device)
    rate = ["–", "–"]
    if name.startswith(("moments", "pull-back")) and numbers["loops"]:
        _, degree, dtype = name.partition(",")[0].split()
        lanes = lanes_of_pair(int(degree), dtype)
        each, pairs, gate = gpu_model.pairs_per_second(*numbers["loops"], lanes, threads, resident, dtype, arch)
        of_pair = [f"{one:.0f}" for one in (each.floating, each.memory, each.every)]
        rate = [f"{pairs:.2g}", gate]
    own = [str(one) for one in (threads, *(numbers[key] for key in ("registers", "spilled", "shared")))]
    return [name, *own, *of_pair, str(resident), *rate]


def lanes_of_pair(degree: int, dtype: str) -> int:
    """Threads that share a pair where the outer loop makes its rows; see `source.plane_walk`."""
    from anisoap_opt.kernels.warp import launch

    if degree <= launch.Variant.of(degree, dtype).straight_line_degree:
        return 1
    return 32 if degree < 32 else 64


def table(arch: int) -> str:
    """All kernels for one architecture."""
    body = []
    for name, module, threads in modules():
        found = usage(module, threads, arch)
        for kernel, numbers in found.items():
            body.append(row(name if len(found) == 1 else f"{name}: {kernel}", threads, numbers, arch))
    return f"sm_{arch}, pairs a second of one {gpu_model.DEVICES[arch].name}:\n\n{markdown(COLUMNS, body)}"


def main() -> None:
    """Print the tables, or put them into a page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--arch", type=int, nargs="+", default=ARCHITECTURES)
    parser.add_argument("--page", type=Path)
    options = parser.parse_args()
    text = "\n\n".join(map(table, options.arch))
    if options.page is None:
        print(text)
        return
    before, rest = options.page.read_text().split(BEGIN)
    options.page.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{rest.split(END)[1]}")


if __name__ == "__main__":
    main()
