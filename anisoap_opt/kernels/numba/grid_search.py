"""The search of a large frame: around one centre, the particles of the grid cells around its own."""

# mypy: disable-error-code=no-untyped-def

from __future__ import annotations

from anisoap_opt.kernels.numba.candidates import WITH_SHIFTS, inside, list_run
from anisoap_opt.kernels.numba.jit import compiled
from anisoap_opt.kernels.numba.masks import collect, count_bits, fill8
from anisoap_opt.kernels.numba.vectors import LANES, add, load8, splat


@compiled
def list_runs(f, own, num_types, view, work, room):
    """List the runs of the grid cells around one, type by type: cells that follow each other along the third axis."""
    n0, n1, n2 = view.num_cells[3 * f], view.num_cells[3 * f + 1], view.num_cells[3 * f + 2]
    r0, r1, r2 = view.reach[3 * f], view.reach[3 * f + 1], view.reach[3 * f + 2]
    own_line, own2 = own // (n2 * num_types), own % n2
    own0, own1 = own_line // n1, own_line % n1
    count, candidates = 0, 0
    for t in range(num_types):
        work.runs_of_type[t] = count
        for b0 in range(own0 - r0, own0 + r0 + 1):
            s0 = b0 // n0
            if s0 != 0 and not view.periodic[3 * f]:
                continue
            for b1 in range(own1 - r1, own1 + r1 + 1):
                s1 = b1 // n1
                if s1 != 0 and not view.periodic[3 * f + 1]:
                    continue
                line = view.first_bin[f] + (((b0 - s0 * n0) * n1 + b1 - s1 * n1) * num_types + t) * n2
                for s2 in range((own2 - r2) // n2, (own2 + r2) // n2 + 1):
                    if s2 != 0 and not view.periodic[3 * f + 2]:
                        continue
                    first = view.starts[line + max(own2 - r2 - s2 * n2, 0)]
                    last = view.starts[line + min(own2 + r2 - s2 * n2, n2 - 1) + 1]
                    if first == last:
                        continue
                    if count < room:
                        list_run(f, count, first, last, s0, s1, s2, view, work, room)
                    count, candidates = count + 1, candidates + last - first
    work.runs_of_type[num_types] = count
    return count, candidates


@compiled
def search_runs(i, num_types, stride, view, cutoff2, self_pairs, work, output, at):
    """List the particles of all runs that are within the cutoff of one, eight at a time; returns how many.

    Writes the number of neighbours of each type, too. Hits are collected without a branch: no processor could guess it.
    """
    x, y, z, limit = splat(-view.x[i]), splat(-view.y[i]), splat(-view.z[i]), splat(cutoff2)
    total = 0
    for t in range(num_types):
        before = total
        for run in range(work.runs_of_type[t], work.runs_of_type[t + 1]):
            first, last = work.runs[5 * run], work.runs[5 * run + 1]
            sx, sy, sz = (
                splat(work.vectors[run]),
                splat(work.vectors[stride + run]),
                splat(work.vectors[2 * stride + run]),
            )
            for k in range(first, last, LANES):
                dx, dy, dz = add(load8(view.x, k), x), add(load8(view.y, k), y), add(load8(view.z, k), z)
                bits = inside(add(dx, sx), add(dy, sy), add(dz, sz), limit, last - k)
                collect(bits, k, work.hits, total)
                fill8(run, work.run_of_hit, total)
                total += count_bits(bits)
        output.counts[at + t] = total - before
    if not self_pairs:
        output.counts[at + view.code[i]] -= 1
    return total


@compiled
def write_hits(i, num_hits, stride, view, self_pairs, what, work, output, place):
    """Write the pairs of a centre from its hits."""
    x, y, z = view.x[i], view.y[i], view.z[i]
    for hit in range(num_hits):
        j, run = work.hits[hit], work.run_of_hit[hit]
        if i == j and not self_pairs and _is_origin(work, run):
            continue
        output.j[place] = j
        output.r_ij[3 * place] = (view.x[j] - x) + work.vectors[run]
        output.r_ij[3 * place + 1] = (view.y[j] - y) + work.vectors[stride + run]
        output.r_ij[3 * place + 2] = (view.z[j] - z) + work.vectors[2 * stride + run]
        if what == WITH_SHIFTS:
            for k in range(3):
                output.shifts[3 * place + k] = work.runs[5 * run + 2 + k]
        place += 1


@compiled
def _is_origin(work, run):
    """Whether a run is not shifted."""
    return work.runs[5 * run + 2] == 0 and work.runs[5 * run + 3] == 0 and work.runs[5 * run + 4] == 0
