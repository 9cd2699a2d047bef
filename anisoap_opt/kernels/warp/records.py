"""The text of the function by which a kernel reads a particle's record."""

from __future__ import annotations

PACKED = {"float64": ("double2", "xy"), "float32": ("float4", "xyzw")}
"""The type that a GPU loads 16 bytes as, and its fields."""


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
