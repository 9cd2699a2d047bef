"""The vector layer against NumPy and the C library."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

pytest.importorskip("numba")

from anisoap_opt.kernels.numba import masks, scattered, vectors  # noqa: E402
from anisoap_opt.kernels.numba.jit import compiled  # noqa: E402

RNG = np.random.default_rng(0)


@compiled
def arithmetic(x, y, z, number, out):
    lanes = vectors.lanes_of(x)
    a, b, c = vectors.load(x, 1), vectors.load(y, 1), vectors.load(z, 1)  # position 1: not aligned
    vectors.store(out, 0, vectors.fma(a, b, c))
    vectors.store(out, lanes, vectors.mul(a, b))
    vectors.store(out, 2 * lanes, vectors.add(a, b))
    vectors.store(out, 3 * lanes, vectors.splat(number))


@pytest.mark.parametrize(("dtype", "lanes"), [(np.float64, 8), (np.float32, 16)])
def test_arithmetic(dtype: Any, lanes: int) -> None:
    x, y, z = RNG.normal(size=(3, lanes + 1)).astype(dtype)
    out = np.empty(4 * lanes, dtype)
    arithmetic(x, y, z, dtype(1.25), out)
    expected = [x * y + z, x * y, x + y, np.full_like(x, 1.25)]
    np.testing.assert_allclose(out.reshape(4, lanes), [row[-lanes:] for row in expected], atol=4 * np.finfo(dtype).eps)


@compiled
def exponential(x, out):
    for k in range(0, len(x), 8):
        vectors.store(out, k, vectors.exp(vectors.load(x, k)))


def test_exponential() -> None:
    x = np.concatenate([[0.0, -0.0, -1e-300, -708.0, -709.0, -1e6, -np.inf, 1.0], RNG.uniform(-700, 5, 8000)])
    out = np.empty_like(x)
    exponential(x, out)
    expected = [0 if value < -708 else math.exp(value) for value in x]  # NumPy's own is off by more in some releases
    np.testing.assert_allclose(out, expected, rtol=4.5e-16)
    assert out[0] == 1


@compiled
def convert(x, out, back):
    vectors.store(out, 0, vectors.load8(x, 0))
    vectors.store(back, 0, vectors.load8(out, 0))


def test_conversion_between_float32_and_float64() -> None:
    x, out, back = RNG.normal(size=8).astype(np.float32), np.empty(8), np.empty(8, np.float32)
    convert(x, out, back)
    assert np.array_equal(out, x.astype(float))
    assert np.array_equal(back, x)


@compiled
def collect(table, rows, out):
    vectors.store(out, 0, scattered.gather(table, rows, 1, 8, 3))
    columns = scattered.load_transposed(table, rows, 1)
    for k in range(8):
        vectors.store(out, 8 * k + 8, columns[k])
    scattered.prefetch(table, 0)


def test_gather_and_transposed_load() -> None:
    table, rows = RNG.normal(size=(20, 8)), RNG.integers(0, 20, 9)
    out = np.empty(72)
    collect(table.reshape(-1), rows, out)
    assert np.array_equal(out[:8], table[rows[1:], 3])
    assert np.array_equal(out[8:].reshape(8, 8), table[rows[1:]].T)


@compiled
def collect_points(table, rows, out):
    points = scattered.load_points(table, rows, 1)
    for k in range(3):
        vectors.store(out, 8 * k, points[k])


def test_points() -> None:
    table, rows = RNG.normal(size=(5, 3)), np.array([9, 4, 0, 3, 4, 1, 1, 2, 0])
    out = np.empty((3, 8))
    collect_points(table.ravel(), rows, out.ravel())
    assert np.array_equal(out, table[rows[1:]].T)


@compiled
def spread(source, target, starts):
    scattered.store_transposed(source, 8, target, starts, 1, 2)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_transposed_store(dtype: Any) -> None:
    source, target = RNG.normal(size=(9, 8)), np.zeros((8, 10), dtype)
    spread(source.reshape(-1), target.reshape(-1), 10 * np.concatenate([[0], np.arange(8)[::-1]]))
    assert np.array_equal(target[::-1, 2:], source[1:].T.astype(dtype))
    assert not target[:, :2].any()


@compiled
def combine(like, x, factors, out):
    rows = vectors.zeros(like)
    for k in range(len(x) // 8):
        rows = vectors.add_multiples(rows, vectors.load(x, 8 * k), factors, k * len(like))
    vectors.store_rows(rows, out, 0)


@pytest.mark.parametrize("count", [1, 4, 8])
def test_rows_of_sums(count: int) -> None:
    x, factors, out = RNG.normal(size=(5, 8)), RNG.normal(size=(5, count)), np.empty((count, 8))
    combine((0,) * count, x.reshape(-1), factors.reshape(-1), out.reshape(-1))
    np.testing.assert_allclose(out, factors.T @ x, atol=1e-14)


@compiled
def compare(x, y):
    bits = masks.bits_less(vectors.load(x, 0), vectors.load(y, 0))
    return bits, masks.count_bits(bits), vectors.element(x, 2)


def test_comparison() -> None:
    x, y = RNG.normal(size=(2, 8))
    x[5] = y[5]
    bits, count, third = compare(x, y)
    assert bits == sum(1 << k for k in np.flatnonzero(x < y))
    assert count == np.count_nonzero(x < y)
    assert third == x[2]


@compiled
def list_lanes(bits, first, target, position):
    masks.collect(bits, first, target, position)


def test_lanes_of_bits() -> None:
    for bits in range(256):
        target = np.full(20, -1)
        list_lanes(bits, 100, target, 5)
        wanted = [100 + k for k in range(8) if bits >> k & 1]
        assert target[5 : 5 + len(wanted)].tolist() == wanted
        assert (target[:5] == -1).all()
        assert (target[13:] == -1).all()


@compiled
def fill(value, target, position):
    masks.fill8(value, target, position)


def test_filling() -> None:
    target = np.zeros(20, np.int64)
    fill(7, target, 3)
    assert target.tolist() == [0] * 3 + [7] * 8 + [0] * 9
