"""Only some backends take a device, and each says which it takes."""

from __future__ import annotations

from typing import Any

import pytest

from anisoap_opt import kernels
from anisoap_opt.kernels.contract import KernelOptions
from tests.frames_for_tests import calculator, random_frame

ON_DEVICES = [name for name, entry in kernels.BACKENDS.items() if entry.devices]


def test_cpu_is_fine_everywhere(backend: str) -> None:
    assert calculator(backend=backend, device="cpu").options.device == "cpu"


@pytest.mark.parametrize("name", [name for name, entry in kernels.BACKENDS.items() if not entry.devices])
@pytest.mark.parametrize("device", ["cuda", "mps", "nonsense", "", 0])
def test_other_devices_are_refused(name: str, device: Any) -> None:
    if not kernels.BACKENDS[name].installed:
        pytest.skip(f"{name} is not installed")
    with pytest.raises(ValueError, match=r"on the device 'cpu' only.*torch_full"):
        calculator(backend=name, device=device)


@pytest.mark.parametrize("device", ["mps", "meta", "nonsense", "", 0])
def test_warp_takes_cpu_and_cuda(device: Any) -> None:
    pytest.importorskip("warp")
    with pytest.raises(ValueError, match="'warp' runs on the devices 'cpu' and 'cuda', got "):
        calculator(backend="warp", device=device)


def test_warp_where_there_is_no_cuda() -> None:
    pytest.importorskip("warp")
    if pytest.importorskip("torch").cuda.is_available():
        pytest.skip("there is a CUDA device here")
    with pytest.raises(ValueError, match="on device 'cuda' here"):
        calculator(backend="warp", device="cuda")


def loaded(name: str) -> Any:
    """The module of a backend, with Torch."""
    if not kernels.BACKENDS[name].installed:
        pytest.skip(f"{name} is not installed")
    return kernels.module(name)


@pytest.mark.parametrize("name", ON_DEVICES)
@pytest.mark.parametrize(
    "said",
    [
        "Found no NVIDIA driver on your system. Please check that you have an NVIDIA GPU",
        "The NVIDIA driver on your system is too old (found version 11040). Please update your GPU driver",
        "CUDA out of memory. Tried to allocate 2.00 MiB",
    ],
)
def test_what_the_driver_says_is_passed_on(monkeypatch: pytest.MonkeyPatch, name: str, said: str) -> None:
    loaded(name)
    import torch

    def refuse(*_: Any, **__: Any) -> None:
        raise RuntimeError(f"{said}\nand a long story")

    monkeypatch.setattr(torch, "zeros", refuse)
    with pytest.raises(ValueError, match="cannot compute in float64 on device 'cuda' here") as caught:
        calculator(backend=name, device="cuda")
    assert str(caught.value).endswith(said)


def test_a_driver_that_is_too_old_for_warp_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Torch can be made for an older CUDA than Warp. `torch_full` searches for pairs by Warp, if it is there."""
    pytest.importorskip("warp")
    import warp

    from anisoap_opt.kernels import torch_full

    monkeypatch.setattr(torch_full, "check_device", lambda device, dtype: None)
    monkeypatch.setattr(warp, "is_cuda_available", lambda: False)
    with pytest.raises(ValueError, match=r"Warp .* cannot use device 'cuda:0': it was made for CUDA \d+.*driver"):
        calculator(backend="warp", device="cuda:0")
    with pytest.raises(ValueError, match="cannot use device 'cuda'"):
        calculator(backend="torch_full", device="cuda").power_spectrum([random_frame(1)])
    basis, options = calculator()._basis, KernelOptions(device="cuda")
    nothing: Any = None
    with pytest.raises(ValueError, match="cannot use device 'cuda'"):  # what the torch module calls for its search
        kernels.load_search.__wrapped__("warp", options)(nothing, 1.0, self_pairs=True)
    with pytest.raises(ValueError, match="cannot use device 'cuda'"):  # and for given pairs
        kernels.load("warp")(nothing, basis, options)


@pytest.mark.parametrize("warp_is_there", [True, False])
def test_who_searches_for_torch_full(monkeypatch: pytest.MonkeyPatch, warp_is_there: bool) -> None:
    pytest.importorskip("warp")
    from anisoap_opt import neighbors
    from anisoap_opt.kernels import torch_full
    from anisoap_opt.kernels.warp import neighbors as of_warp

    monkeypatch.setattr(torch_full, "find_spec", lambda name: object() if warp_is_there else None)
    monkeypatch.setattr(neighbors, "find_neighborhoods", lambda *_, **__: "on the host")
    monkeypatch.setattr(of_warp, "find_neighborhoods", lambda *_, **__: "on the device")
    for device, there in {"cuda:1": "on the device" if warp_is_there else "on the host", "mps": "on the host"}.items():
        search = kernels.load_search.__wrapped__("torch_full", KernelOptions("float32", device))
        assert search(None, 1.0, self_pairs=True) == there


@pytest.mark.parametrize("name", ON_DEVICES)
@pytest.mark.parametrize("where", ["kernel", "coupling"])
def test_a_full_memory_says_what_would_need_less(monkeypatch: pytest.MonkeyPatch, name: str, where: str) -> None:
    module = loaded(name)
    import torch

    def refuse(*_: Any, **__: Any) -> None:
        raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.\nand a long story")

    if where == "kernel":
        monkeypatch.setattr(module.Kernel, "moments", refuse)
    else:
        monkeypatch.setattr("anisoap_opt.power_spectrum.sum_by_kernel", refuse)
    expected = (
        r"device 'cpu' has too little memory for 15 pairs in 6 segments at once: they alone take up to .* GB\. Give "
        r"it fewer frames at once, dtype='float32', .* smaller max_radial .* Tried to allocate 2\.00 GiB\.$"
    )
    with pytest.raises(MemoryError, match=expected) as caught:
        calculator(backend=name).power_spectrum([random_frame(1, 5)])
    assert isinstance(caught.value.__cause__, torch.cuda.OutOfMemoryError)


@pytest.mark.parametrize("name", ON_DEVICES)
def test_other_errors_stay_what_they_are(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise RuntimeError("CUDA error: an illegal memory access was encountered")

    monkeypatch.setattr(loaded(name).Kernel, "moments", refuse)
    with pytest.raises(RuntimeError, match="illegal memory access"):
        calculator(backend=name).power_spectrum([random_frame(1, 5)])


def test_a_full_memory_while_pairs_are_written(monkeypatch: pytest.MonkeyPatch) -> None:
    search = loaded("warp").find_neighborhoods
    from anisoap_opt.frames import ParticleBatch
    from anisoap_opt.kernels.warp.neighbors import PairSearch

    def refuse(*_: Any) -> None:
        raise RuntimeError("CUDA out of memory.")

    found = search(ParticleBatch.from_frames([random_frame(1, 5)], "c_q"), 9.0, self_pairs=True).pairs
    monkeypatch.setattr(PairSearch, "_new", refuse)
    with pytest.raises(MemoryError, match="for 25 pairs in 10 segments"):
        found.segments(0, found.num_segments)


@pytest.mark.parametrize("name", ON_DEVICES)
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "complex128", "int64"])
def test_dtypes_that_no_kernel_takes(name: str, dtype: str) -> None:
    loaded(name)
    with pytest.raises(ValueError, match=f"backend '{name}' computes in float64 or float32, got dtype='{dtype}'"):
        calculator(backend=name, dtype=dtype)


def test_a_degree_that_warp_does_not_take() -> None:
    loaded("warp")
    from anisoap_opt.kernels.warp.launch import Variant, moments

    with pytest.raises(ValueError, match="'warp' takes moments up to degree 43, this basis needs degree 44"):
        moments(44, "float64", Variant())
