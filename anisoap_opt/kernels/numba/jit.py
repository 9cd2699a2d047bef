"""How every function of this folder is compiled, in one place."""

# mypy: disable-error-code="no-untyped-call,import-untyped"

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numba
from numba import njit, types

from anisoap_opt.kernels.numba.llvm import data_pointer, intrinsic

SOURCES = ("gaussians.py", "cutoff.py", "basis/*.py", "kernels/numba/*.py")
"""Files of the package that compiled code, or what is generated for it, comes from."""


def compiled(function: Callable[..., Any], cache: bool = False) -> Any:
    """Compile as part of its callers: no lock is held, and a division by zero is as in NumPy."""
    return njit(nogil=True, error_model="numpy", cache=cache)(function)


def entry_point(function: Callable[..., Any]) -> Any:
    """Compile for callers in Python, and keep the machine code on disk.

    Numba would load old code after a change in a file that this function's own file only imports; so the stamp that
    must agree is that of all SOURCES. It is no public part of Numba: where it is not found, or no folder can be
    written, the code is not kept, and that is said once.
    """
    try:
        dispatcher = compiled(function, cache=True)
    except RuntimeError:  # numba: "no locator available"
        _say_once("no folder can be written, and NUMBA_CACHE_DIR names none")
        return compiled(function)
    stamped: Any = getattr(dispatcher._cache, "_cache_file", None)
    if not hasattr(stamped, "_source_stamp"):
        _say_once(f"Numba {numba.__version__} has no _source_stamp, by which old code would be known")
        return compiled(function)
    stamped._source_stamp = sources_stamp()
    _survive_bad_files(dispatcher._cache)
    return dispatcher


@cache
def _say_once(reason: str) -> None:
    warnings.warn(
        f"compiled code cannot be kept on disk, so every process compiles for some twenty seconds: {reason}",
        RuntimeWarning,
        stacklevel=2,
    )


def _survive_bad_files(cache: Any) -> None:
    """Compile again what cannot be read from the disk, and go on with code in memory where it cannot be written."""
    load, save = cache.load_overload, cache.save_overload

    def load_overload(*arguments: Any) -> Any:
        try:
            return load(*arguments)
        except Exception:  # whatever unpickling half a file ends in
            with contextlib.suppress(OSError):
                cache.flush()
            return None

    def save_overload(*arguments: Any) -> None:
        try:
            save(*arguments)
        except OSError as error:
            warnings.warn(f"compiled code cannot be kept for later processes: {error}", RuntimeWarning, stacklevel=2)

    cache.load_overload, cache.save_overload = load_overload, save_overload


def sources_stamp() -> tuple[tuple[str, float, int], ...]:
    """Name, time of change and size of every source file that compiled code is made of."""
    package = Path(__file__).parents[2]
    files = sorted(file for pattern in SOURCES for file in package.glob(pattern))
    stats = [(file.relative_to(package).as_posix(), file.stat()) for file in files]
    return tuple((name, stat.st_mtime, stat.st_size) for name, stat in stats)


@intrinsic
def borrowed(typing: Any, arrays: Any) -> Any:
    """The same named tuple with pointers to the first elements in place of the arrays.

    Compiled code counts the references to arrays with atomic operations, at every access to a field and at every
    call; pointers are free. They are indexed like flat arrays, without a test for negative positions.

    A pointer owns nothing. Numba frees an array after the last statement that mentions it, so a function that makes
    arrays and borrows them ends with `keep_alive(arrays)`; those that its caller passed in live anyway.
    """
    pointers = types.NamedTuple([types.CPointer(array.dtype) for array in arrays.types], arrays.instance_class)

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        values = [
            context.make_array(array)(context, builder, builder.extract_value(args[0], k)).data
            for k, array in enumerate(arrays.types)
        ]
        return context.make_tuple(builder, pointers, values)

    return pointers(arrays), emit


@intrinsic
def pointer_to(typing: Any, array: Any) -> Any:
    """A pointer to the first element of one array that the caller's caller keeps alive; see `borrowed`."""
    return types.CPointer(array.dtype)(array), lambda context, builder, signature, args: data_pointer(
        context, builder, signature.args[0], args[0]
    )


@intrinsic
def keep_alive(typing: Any, arrays: Any) -> Any:
    """Do nothing with the arrays, after everything that uses pointers to them; see `borrowed`."""
    return types.void(arrays), lambda context, builder, signature, args: context.get_dummy_value()
