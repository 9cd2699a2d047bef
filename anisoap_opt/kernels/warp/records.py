"""The text by which a kernel reads a pair: its neighbour's record, and what follows of it."""

from __future__ import annotations

PACKED = {"float64": ("double2", "xy"), "float32": ("float4", "xyzw")}
"""The type that a GPU loads 16 bytes as, and its fields."""

COVARIANCE = """\
cxx = record[0]
cxy = record[1]
cxz = record[2]
cyy = record[3]
cyz = record[4]
czz = record[5]
"""

CENTER = {
    "factor": """\
fxx = record[7]
fxy = record[8]
fxz = record[9]
fyx = record[10]
fyy = record[11]
fyz = record[12]
fzx = record[13]
fzy = record[14]
fzz = record[15]
fx = fxx * x + fyx * y + fzx * z
fy = fxy * x + fyy * y + fzy * z
fz = fxz * x + fyz * y + fzz * z
ux = fxx * fx + fxy * fy + fxz * fz
uy = fyx * fx + fyy * fy + fyz * fz
uz = fzx * fx + fzy * fy + fzz * fz
weight = record[6] * wp.exp(T(-0.5) * precision * (fx * fx + fy * fy + fz * fz))
""",
    "covariance": """\
ux = x - precision * (cxx * x + cxy * y + cxz * z)
uy = y - precision * (cxy * x + cyy * y + cyz * z)
uz = z - precision * (cxz * x + cyz * y + czz * z)
weight = record[6] * wp.exp(T(-0.5) * precision * (x * ux + y * uy + z * uz))
""",
}
"""μ and the pair's weight, by μ = F (Fᵀ r), which has no cancellation, or by μ = r - s C r, which reads less."""

FACTOR = """\
@wp.func
def factor(weights: wp.array(dtype=T), p: int):
    if weights.shape[0] == 0:
        return T(1.0)
    return weights[p]


"""
"""The factor of a pair's density, 1 without weights; a function because of its return, as `source.NEXT_MOMENT`."""


def read_pair(p: str, form: str) -> str:
    """The pair p's C, μ and, but for its factor, weight; see `CENTER` for the form."""
    read = f"record = load_record(records, j[{p}])\nr = r_ij[{p}]\nx = r[0]\ny = r[1]\nz = r[2]\n"
    return read + COVARIANCE + CENTER[form]


def load_record(dtype: str) -> str:
    """A function that loads a record: every thread reads another one, and the fewer loads the better."""
    packed, fields = PACKED[dtype]
    count = len(fields)
    copies = [f"    record[{count} * k + {i}] = packs[k].{field};" for i, field in enumerate(fields)]
    snippet = [
        "assert(q >= 0 && q < records.shape[0]);",
        f"wp::vec_t<16, wp::{dtype}> record;",
        "#if defined(__CUDA_ARCH__)",
        f"const {packed}* packs = reinterpret_cast<const {packed}*>(records.data + q);",
        f"for (int k = 0; k < {16 // count}; ++k) {{",
        *copies,
        "}",
        "#else",
        "record = records.data[q];",
        "#endif",
        "return record;",
    ]
    text = "\n".join(snippet)
    return f"""\
@wp.func_native('''{text}''')
def load_record(records: wp.array(dtype=Record), q: int) -> Record: ...


"""
