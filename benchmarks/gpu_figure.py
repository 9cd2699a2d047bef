"""Tables and figure of a run on a GPU: ``python -m benchmarks.gpu_figure [results/gpu/h200.json]``.

Reads what `benchmarks.gpu` wrote, replaces the tables between the two marks of docs/gpu.md, and draws
docs/figures/gpu.png: pairs a second by size and backend.
"""

from __future__ import annotations

import json
import sys
from itertools import product
from pathlib import Path
from typing import Any

from benchmarks.table import markdown

BEGIN, END = "<!-- numbers, by python -m benchmarks.gpu_figure -->", "<!-- end of numbers -->"
PAGE = Path("docs/gpu.md")
BACKENDS = ("warp", "torch_full", "numba")
DTYPES = ("float64", "float32")


def number(parts: dict[str, Any], name: str, field: str) -> float | None:
    """One number of a part; None if it was not measured."""
    value = parts.get(name, {}).get(field)
    return float(value) if value else None


def text(value: float | None) -> str:
    """Three digits, or a dash."""
    return f"{value:.3g}" if value else "–"


def cases(parts: dict[str, Any]) -> list[str]:
    """Names of the cases whose pairs were found, in the order of the run."""
    return [name.removeprefix("pairs: ") for name, found in parts.items() if "pairs: " in name and "pairs" in found]


def summary(parts: dict[str, Any]) -> str:
    """The device, its measured rates, and how right the values are."""
    machine, rates = parts["machine"], parts["rates"]
    lines = [
        f"- Device: {machine.get('device', 'none')}; host: {machine['host']}, "
        f"{machine['numba threads']} threads for numba",
        "- Software: " + ", ".join(f"{one} {machine[one]}" for one in ("torch", "warp", "numba", "numpy")),
        f"- Measured on the device: copies {rates['copy']:.3g} bytes/s (read and written), matrix products "
        f"{rates['float64']:.3g} flop/s in float64 and {rates['float32']:.3g} in float32",
    ]
    for dtype in DTYPES:
        worst = max(value for name, value in parts["parity"].items() if name.endswith(f"warp {dtype}"))
        lines.append(f"- Largest error of warp against `reference`, {dtype}: {worst:.1e} of the largest value")
    if "first use" in parts:
        lines.append(f"- First call of all, with its compiling: {parts['first use']['first call, s']:.1f} s")
    return "\n".join(lines)


def kernel_table(parts: dict[str, Any]) -> str:
    """Pairs a second of the kernels alone."""
    body = []
    for case, dtype in product(cases(parts), DTYPES):
        name = f"kernel: {case} {{}} {dtype}"
        row = [text(number(parts, name.format("warp"), "moments"))]
        row += [text(number(parts, name.format(backend), "coefficients")) for backend in BACKENDS]
        body.append([case, f"{parts[f'pairs: {case}']['pairs']:,}".replace(",", " "), dtype, *row])
    return markdown(["case", "pairs", "dtype", "warp: moments", *(f"{one}: coefficients" for one in BACKENDS)], body)


def way_table(parts: dict[str, Any]) -> str:
    """Seconds of the search, of all after the reading of frames, and of the whole."""
    body = []
    for case, dtype in product(cases(parts), DTYPES):
        row = [case, dtype]
        for what, end in (("search", ""), ("batch", f" {dtype}"), ("whole", f" {dtype}")):
            ours, other = (number(parts, f"{what}: {case} {one}{end}", "seconds") for one in ("warp", "numba"))
            row += [text(ours), text(other), f"{other / ours:.2g}×" if ours and other else "–"]
        body.append(row)
    columns = [f"{what}: {one}" for what in ("search", "batch", "whole") for one in ("warp, s", "numba, s", "ratio")]
    return markdown(["case", "dtype", *columns], body)


def numbers(parts: dict[str, Any]) -> str:
    """Summary and both tables."""
    tables = (
        f"Pairs per second, kernels alone:\n\n{kernel_table(parts)}\n\nSeconds of the way to it:\n\n{way_table(parts)}"
    )
    return f"{summary(parts)}\n\n{tables}"


def draw(parts: dict[str, Any], path: Path) -> None:
    """Pairs a second of the bulk cases by number of pairs, one line a backend, dtype and part."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    bulk = [case for case in cases(parts) if case.startswith("bulk")]
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.6), sharey=True, layout="constrained")
    ways = (
        ("kernel", "coefficients", "coefficients, pairs on the device"),
        ("batch", "pairs/s", "particles to mean power spectrum"),
    )
    for ax, (what, field, title) in zip(axes, ways, strict=True):
        for (color, backend), (dtype, style) in product(enumerate(BACKENDS), zip(DTYPES, ("o-", "o--"), strict=True)):
            rates = {case: number(parts, f"{what}: {case} {backend} {dtype}", field) for case in bulk}
            points = [(parts[f"pairs: {case}"]["pairs"], rate) for case, rate in rates.items() if rate]
            if points:
                ax.loglog(*zip(*points, strict=True), style, color=f"C{color}", label=f"{backend} {dtype}")
        ax.set(xlabel="pairs", title=title)
        ax.grid(alpha=0.3)
    axes[0].set_ylabel("pairs / s")
    axes[0].legend(fontsize="small")
    machine = parts["machine"]
    threads = machine["numba threads"]
    figure.suptitle(f"{machine.get('device', 'no device')}, degree 6; numba on {threads} threads")
    figure.savefig(path, dpi=150)
    plt.close(figure)


def page(text_of_page: str, parts: dict[str, Any]) -> str:
    """The page with its numbers replaced."""
    before, rest = text_of_page.split(BEGIN)
    return f"{before}{BEGIN}\n\n{numbers(parts)}\n\n{END}{rest.split(END)[1]}"


def main() -> None:
    """Renew page and figure."""
    parts = json.loads(Path(sys.argv[1] if len(sys.argv) > 1 else "results/gpu/h200.json").read_text())
    PAGE.write_text(page(PAGE.read_text(), parts))
    draw(parts, Path("docs/figures/gpu.png"))


if __name__ == "__main__":
    main()
