"""Every kernel in CUDA C: compiled by NVRTC to machine code of GPUs, and the same text run on the CPU, beside NumPy."""

from __future__ import annotations

import io
from types import SimpleNamespace

import numpy as np
import pytest

import gradlab as gl
from cuda_engine import Shim
from gradlab import GradlabError
from gradlab.codegen import Drawn, Plan
from gradlab.codegen.cuda import CudaTrainer, compiled, cuda_source, gpu, import_cuda
from gradlab.codegen.cuda._gpu import Gpu
from gradlab.codegen.cuda._lanes import lanes_for
from gradlab.graph import activations, losses, mlp_graph, parse
from gradlab.graph._primitives import functions
from gradlab.rules import Momentum, Rule, Update
from gradlab.train._data import Data
from gradlab.train._draw import starts_of
from gradlab.train._trainers import Architecture, numpy_trainer
from kernel_examples import close, labels_for, plan_for

DTYPES = ["float32", "float64"]
RULES = sorted(Rule.all(), key=str)
LAB = mlp_graph((2, 2, 1), "tanh", None, "binary_cross_entropy")
POINTS = gl.datasets.five_points()
# Straight-line code has all activations, losses and rules; rolled code is compiled in one number type each.
STRAIGHT = {
    f"{hidden}, {losses()[i % len(losses())]}, {RULES[i % len(RULES)].__name__}": (
        ((1, 1, 2), hidden, None, losses()[i % len(losses())], "none", True, 2), RULES[i % len(RULES)],
    )
    for i, hidden in enumerate(activations())
}  # fmt: skip
ROLLED = {
    "many classes": (((3, 2, 10), "tanh", None, "softmax_cross_entropy", "none", True, 3), RULES[0], "float32"),
    "deep": (((2, 6, 2, 1), "sigmoid", None, "squared_error", "mean_field", True, 3), RULES[1], "float64"),
}


LANES = {
    "map": ((8, 8, 1), "tanh", None, "squared_error", "mean_field", False, 12),
    "odd": ((5, 16, 1), "relu", None, "binary_cross_entropy", "none", True, 7),
    "classes": ((6, 8, 3), "gelu", None, "softmax_cross_entropy", "none", True, 6),
}


@pytest.fixture(params=["compiler", pytest.param("gpu", marks=pytest.mark.gpu)])
def machine(request):
    """A C compiler on the CPU, and a GPU where there is one."""
    return Shim() if request.param == "compiler" else gpu(0)


def example(description, seed=0):
    *network, count = description
    rng, graph = np.random.default_rng(seed), mlp_graph(*network)
    return rng, graph, rng.normal(size=(count, graph.sizes[0])), labels_for(rng, graph, count)


def all_primitives():
    """A rule in which every function of the table stands, of numbers at which all of them are defined."""
    statements = ["x = 3/2 + g**2/(1 + g**2)", "power = x**eta + x**(5/2) + x**3 + x**(-2) + w**2 + t**x"]
    for name, row in functions().items():
        arguments = "2, x, 7/4, x/2" if row.picks else "x" if row.arity == 1 else "x, 7/4, x/2"
        statements.append(f"of_{name} = {name}({arguments})")
    names = " + ".join(f"of_{name}" for name in functions())
    statements.append(f"w = w - eta*(power + {names})")
    parts = [statement.partition(" = ") for statement in statements]
    return Update((), (), tuple((name, parse(text)) for name, _, text in parts))


def by_numpy(graph, x, y, dtype):
    return numpy_trainer(Architecture.of_graph(graph), Data(x, y), dtype)


def trainer_of(description, dtype):
    _, graph, x, y = example(description)
    return CudaTrainer(graph, x, y, dtype=dtype, machine=Shim())


def check(trainers, start, rates, steps, plan, tolerance):
    made, expected = (trainer.train(start, rates, steps, plan=plan, curves=True) for trainer in trainers)
    for field in ("parameters", "initial_loss", "loss", "curves", "state"):
        close(getattr(made, field), getattr(expected, field), tolerance)
    np.testing.assert_array_equal(made.correct, expected.correct)
    np.testing.assert_array_equal(made.diverged_step, expected.diverged_step)
    np.testing.assert_array_equal(made.first_success_step, expected.first_success_step)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", [*STRAIGHT, *ROLLED])
def test_a_few_steps_are_those_of_numpy_to_rounding(name, dtype, machine):
    description, rule, *_ = (STRAIGHT | ROLLED)[name]
    rng, graph, x, y = example(description)
    start, rates = rng.normal(size=(5, len(graph.parameters))), rng.uniform(0.01, 0.05, (5, len(graph.sizes) - 1))
    trainers = CudaTrainer(graph, x, y, dtype=dtype, machine=machine), by_numpy(graph, x, y, dtype)
    check(trainers, start, rates, 4, plan_for(rng, rule, 4, len(x)), 1e-12 if dtype == "float64" else 2e-5)


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_rule_may_have_every_primitive(dtype, machine):
    rng, graph, x, y = example(((1, 1), "tanh", None, "squared_error", "none", True, 3))
    trainers = CudaTrainer(graph, x, y, dtype=dtype, machine=machine), by_numpy(graph, x, y, dtype)
    plan = Plan(all_primitives())
    check(trainers, rng.normal(size=(7, 2)), 0.01, 3, plan, 1e-13 if dtype == "float64" else 1e-5)


@pytest.mark.parametrize("dtype", DTYPES)
def test_starts_are_drawn_to_the_bit(dtype, machine):
    drawn = Drawn(2**127 + 12345, 10**12, 40, np.array([0, 1, 0]), np.random.default_rng(0).normal(size=(3, 9)))
    made = CudaTrainer(LAB, POINTS.x, POINTS.y, dtype=dtype, machine=machine).train(drawn, 1.0, 0)
    np.testing.assert_array_equal(made.parameters, starts_of(drawn, 9).astype(dtype))


@pytest.mark.parametrize("dtype", DTYPES)
def test_verdicts_at_a_hundred_steps_are_those_of_numpy(dtype, machine):
    drawn = Drawn(3, 0, 300, np.array([0]), np.ones((1, 9)))
    made = CudaTrainer(LAB, POINTS.x, POINTS.y, dtype=dtype, machine=machine).train(drawn, 1.0, 100, ends=False)
    expected = by_numpy(LAB, POINTS.x, POINTS.y, "float64").train(starts_of(drawn, 9), 1.0, 100)
    assert made.parameters.shape == (0, 9)
    assert (made.correct == expected.correct).all()
    assert (made.first_success_step == expected.first_success_step).mean() > 0.99
    assert 0 < made.correct.sum() < 300


@pytest.mark.parametrize("dtype", DTYPES)
def test_divergence_is_seen_at_its_step_and_nowhere_else(dtype, machine):
    graph = mlp_graph((1, 2, 1), "identity", "identity", "squared_error")
    x, y = np.array([[1.0], [2.0], [-1.0]]), np.array([3.0, 1.0, 2.0])
    start, rates = np.random.default_rng(1).normal(size=(50, 7)), np.where(np.arange(50) % 3 == 0, 40.0, 0.01)
    trainers = CudaTrainer(graph, x, y, dtype=dtype, machine=machine), by_numpy(graph, x, y, dtype)
    made, expected = (trainer.train(start, rates, 30, curves=True) for trainer in trainers)
    np.testing.assert_array_equal(made.diverged_step, expected.diverged_step)
    np.testing.assert_array_equal(np.isfinite(made.curves), np.isfinite(expected.curves))
    lost = made.diverged_step >= 0
    assert 0 < lost.sum() < 50
    assert np.isnan(made.parameters[lost]).all()
    assert np.isfinite(made.parameters[~lost]).all()


def test_a_rule_goes_on_from_its_state_and_launches_change_nothing(monkeypatch, machine):
    trainer = CudaTrainer(LAB, POINTS.x, POINTS.y, dtype="float64", machine=machine)
    start = Drawn(5, 2, 7, np.array([1, 0]), np.ones((2, 9)))
    plan = Plan(Momentum.update(), {"momentum": np.linspace(0, 0.9, 14)})
    whole = trainer.train(start, 0.3, 9, plan=plan)
    monkeypatch.setattr("gradlab.codegen.cuda._trainer.MOST_AT_ONCE", 4)
    half, seen = trainer.train(start, 0.3, 4, plan=plan), []
    plan = Plan(plan.update, plan.numbers, half.state, 4)
    rest = trainer.train(half.parameters, 0.3, 5, plan=plan, progress=lambda *done: seen.append(done))
    np.testing.assert_array_equal(rest.parameters, whole.parameters)
    np.testing.assert_array_equal(rest.state, whole.state)
    assert seen == [(4, 14), (8, 14), (12, 14), (14, 14)]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("name", "rule"), [*zip(LANES, RULES, strict=False)])
def test_lanes_that_share_a_network_take_numpys_steps_and_give_the_same_bits_however_many(
    name, rule, dtype, machine, monkeypatch
):
    rng, graph, x, y = example(LANES[name])
    start, rates = rng.normal(size=(5, len(graph.parameters))), rng.uniform(0.01, 0.05, (5, 2))
    plan, tolerance = plan_for(rng, rule, 4, len(x)), 1e-12 if dtype == "float64" else 2e-5
    trainer, made = CudaTrainer(graph, x, y, dtype=dtype, machine=machine), []
    fewest = lanes_for(graph, len(plan.update.state), trainer.dtype.itemsize, 1, 0)
    assert 1 < fewest < graph.sizes[1]
    for lanes in (fewest, graph.sizes[1]):
        monkeypatch.setattr(trainer, "lanes", lambda *_, lanes=lanes: lanes)
        check((trainer, by_numpy(graph, x, y, dtype)), start, rates, 4, plan, tolerance)
        made.append(trainer.train(start, rates, 4, plan=plan, curves=True))
    one, other = made
    for field in ("parameters", "curves", "state"):
        np.testing.assert_array_equal(getattr(one, field), getattr(other, field))


def test_a_network_whose_lanes_diverge_leaves_its_neighbours_alone(machine):
    _, graph, x, y = example(LANES["map"])
    start, rates = np.random.default_rng(2).normal(size=(30, len(graph.parameters))), np.full(30, 0.5)
    rates[::3] = 1e300
    made, expected = (
        trainer.train(start, rates, 12)
        for trainer in (CudaTrainer(graph, x, y, dtype="float64", machine=machine), by_numpy(graph, x, y, "float64"))
    )
    np.testing.assert_array_equal(made.diverged_step, expected.diverged_step)
    assert 0 < (made.diverged_step >= 0).sum() < 30
    close(made.loss[made.diverged_step < 0], expected.loss[made.diverged_step < 0], 1e-11)


@pytest.mark.parametrize("dtype", DTYPES)
def test_nvrtc_compiles_every_kernel(dtype):
    small = trainer_of(((1, 1), "tanh", None, "squared_error", "none", True, 1), dtype)
    specs = [("primitives", small.spec(1, Plan(all_primitives())), 1)]
    # Every primitive in both number types, every second network in each: to compile takes seconds.
    half = list(STRAIGHT.values())[DTYPES.index(dtype) :: 2]
    kept = [*half, *(row[:2] for row in ROLLED.values() if row[2] == dtype), (LANES["classes"], RULES[0])]
    for number, (description, rule) in enumerate(kept):
        trainer, plan = trainer_of(description, dtype), plan_for(np.random.default_rng(0), rule, 1, description[-1])
        lanes = trainer.lanes(10**6, plan.update)
        specs.append((f"kernel_{number}", trainer.spec(len(description[0]) - 1, plan), lanes))
    code, _ = machine_code(cuda_source(specs, dtype))
    assert all(name.encode() in code for name, *_ in specs)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("width", [8, 16])
def test_the_weights_of_shared_networks_stay_in_registers(width, dtype):
    description = (width, width, 1), "tanh", None, "squared_error", "mean_field", False, width * width + width
    trainer = trainer_of(description, dtype)
    _, said = machine_code(cuda_source([("train", trainer.spec(2), trainer.lanes(10**6))], dtype))
    assert "0 bytes spill stores, 0 bytes spill loads" in said


def machine_code(source):
    """A program compiled for an H100, and what the assembler says of it."""
    said = io.StringIO()
    core = import_cuda()
    program = core.Program(source, "c++", core.ProgramOptions(std="c++17", arch="sm_90", ptxas_options=["-v"]))
    code = program.compile("cubin", logs=said).code
    assert code[:4] == b"\x7fELF"
    return code, said.getvalue()


def test_machine_code_is_kept_and_damage_is_seen(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADLAB_CACHE_DIR", str(tmp_path))
    source = cuda_source([("lab", CudaTrainer(LAB, POINTS.x, POINTS.y, machine=Shim()).spec(), 1)], "float32")
    code = compiled(source, "sm_80")
    (path,) = (tmp_path / "kernels").glob("*.cubin")
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    assert compiled(source, "sm_80") == code
    written = path.stat().st_mtime_ns
    assert compiled(source, "sm_80") == code
    assert path.stat().st_mtime_ns == written


def test_more_lanes_share_a_network_where_few_are_to_fill_a_gpu():
    graph = mlp_graph((8, 8, 1), "tanh", None, "squared_error", "mean_field", False)
    assert [lanes_for(graph, 0, 8, runs, 10**4) for runs in (10**6, 3000, 10)] == [2, 4, 8]
    assert lanes_for(graph, 2, 8, 10**6, 10**4) == 4  # Adam's state takes registers too
    trainer = CudaTrainer(LAB, POINTS.x, POINTS.y, machine=Shim(10**4))
    assert trainer.plan(10) == "a thread a network"


def test_what_a_gpu_fails_at_is_told_as_an_error_of_gradlabs():
    from cuda.core._utils.cuda_utils import CUDAError

    device = SimpleNamespace(name="a GPU", set_current=lambda: None, create_stream=lambda: None)
    with pytest.raises(GradlabError, match="a GPU failed: out of memory"), Gpu(device).memory():
        raise CUDAError("out of memory")
    with pytest.raises(ZeroDivisionError), Gpu(device).memory():
        raise ZeroDivisionError
