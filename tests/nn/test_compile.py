"""`torch.compile` leaves the module whole: one operator, with a gradient, in a graph without breaks."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")

from anisoap_opt.nn.operators import features  # noqa: E402
from tests.nn.systems import System, module, periodic_frames  # noqa: E402
from tests.tolerances import assert_close  # noqa: E402

pytestmark = [
    pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf"),  # Torch looks at it
]


@pytest.mark.parametrize("reduce", [None, "mean"])
@pytest.mark.parametrize("learn_width", [False, True])
def test_one_graph(learn_width: bool, reduce: str | None) -> None:
    own, system = module(learn_width=learn_width, cutoff_smoothing=1.0), System(periodic_frames())
    model = torch.nn.Linear(own.num_features, 1, dtype=torch.float64)
    wanted = [*system.variables, *own.parameters(), *model.parameters()]

    def energy(*variables: Any) -> Any:
        return model(system.features(own, *variables, reduce=reduce)).sum()

    compiled = torch.compile(energy, backend="aot_eager", fullgraph=True)
    results = []
    for function in (energy, compiled):
        value = function(*system.variables)
        results.append([value, *torch.autograd.grad(value, wanted)])
    for one, expected in zip(results[1], results[0], strict=True):
        assert_close(one.detach(), expected.detach(), 1e-13)


def test_given_pairs() -> None:
    own, system = module(), System(periodic_frames())
    pairs = torch.tensor([0, 1]), torch.tensor([1, 0]), torch.zeros((2, 3), dtype=torch.int64)
    compiled = torch.compile(lambda: system.features(own, pairs=pairs), backend="aot_eager", fullgraph=True)
    assert_close(compiled().detach(), system.features(own, pairs=pairs).detach(), 1e-14)


def test_torch_s_own_check_of_an_operator() -> None:
    own, system = module(), System(periodic_frames())
    x, a, q, h = system.variables
    frames = system.frames["pbc"], system.frames["counts"]
    torch.library.opcheck(features, (x, system.types, a, q, None, h, *frames, *[None] * 4, "sum", own._made_with))


def test_bad_input_of_a_compiled_module_is_named() -> None:
    own, system = module(), System(periodic_frames())
    compiled = torch.compile(system.features, backend="eager")
    with torch.no_grad():
        system.variables[1][2, 0] = -1.0
    with pytest.raises(ValueError, match="semiaxes must be greater than 0"):
        compiled(own)
