"""Markdown tables."""

from __future__ import annotations

from collections.abc import Sequence


def markdown(header: Sequence[str], body: Sequence[Sequence[str]], *, padded: bool = True) -> str:
    """A Markdown table, with columns padded so that it reads well on a terminal too, unless cells are long."""
    widths = [max(map(len, column)) if padded else 0 for column in zip(header, *body, strict=True)]
    lines = [f"| {' | '.join(map(str.ljust, line, widths))} |" for line in (header, *body)]
    rule = f"| {' | '.join('-' * width for width in widths)} |" if padded else "|" + "---|" * len(header)
    return "\n".join([lines[0], rule, *lines[1:]])
