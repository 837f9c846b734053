"""WebAssembly modules run by wasmtime: what a page does in JavaScript, for tests."""

from __future__ import annotations

import math

import numpy as np
import wasmtime

from gradlab.codegen import NEVER, Plan, TrainResult, gap_of
from gradlab.codegen._training import check_data, per_run
from gradlab.codegen.wasm import WasmModule, WasmNetwork, drawing_module

PAGE, LINE = 65536, 64
CONFIG = wasmtime.Config()
CONFIG.wasm_relaxed_simd = False  # it takes no module in which the machine may choose the bits
ENGINE = wasmtime.Engine(CONFIG)


class Instance:
    """A module with a memory of its own; arrays that are put into it lie one behind the other."""

    def __init__(self, module: WasmModule) -> None:
        self.dtype, self.lanes = np.dtype(module.dtype), module.lanes
        self.store = wasmtime.Store(ENGINE)
        self.memory = wasmtime.Memory(self.store, wasmtime.MemoryType(wasmtime.Limits(1, None)))
        made = wasmtime.Module(ENGINE, module.code)
        self.exports = wasmtime.Instance(self.store, made, [self.memory]).exports(self.store)
        self.end = LINE

    def put(self, array) -> int:
        """The address of a copy of an array."""
        data = np.ascontiguousarray(array, self.dtype).tobytes()
        place, self.end = self.end, self.end + len(data) + -len(data) % LINE
        missing = self.end - self.memory.data_len(self.store)
        if missing > 0:
            self.memory.grow(self.store, -(-missing // PAGE))
        self.memory.write(self.store, data, place)
        return place

    def get(self, place: int, shape: tuple[int, ...]) -> np.ndarray:
        size = math.prod(shape) * self.dtype.itemsize
        return np.frombuffer(self.memory.read(self.store, place, place + size), self.dtype).reshape(shape).copy()

    def call(self, name: str, *arguments) -> None:
        self.exports[name](self.store, *arguments)

    def padded(self, columns) -> np.ndarray:
        """Columns (k, n) with as many entries as whole blocks have; the last one is repeated."""
        array = np.asarray(columns, self.dtype)
        return np.pad(array, ((0, 0), (0, -array.shape[1] % self.lanes)), mode="edge")


def evaluate(module: WasmModule, points) -> tuple[np.ndarray, np.ndarray]:
    """Values (n,) and gradients (n, v) at points (n, v)."""
    run, count = Instance(module), len(points)
    columns = run.padded(np.asarray(points).T)
    given, stride = run.put(columns), columns.shape[1]
    place = run.put(np.full((len(columns) + 1, stride), np.nan))
    run.call("evaluate", given, place, stride, stride // run.lanes)
    value, *gradient = run.get(place, (len(columns) + 1, stride))[:, :count]
    return value, np.stack(gradient, axis=-1)


def losses(module: WasmModule, parameters, table) -> tuple[np.ndarray, np.ndarray]:
    """The mean losses (R,) and their gradients (R, P) of networks (R, P) on a table of points."""
    run, count = Instance(module), len(parameters)
    columns = run.padded(np.asarray(parameters).T)
    stride = columns.shape[1]
    given, data = run.put(columns), run.put(table)
    place = run.put(np.full((len(columns) + 1, stride), np.nan))
    run.call("loss", given, data, place, stride, len(table), stride // run.lanes)
    value, *gradient = run.get(place, (len(columns) + 1, stride))[:, :count]
    return value, np.stack(gradient, axis=-1)


def predictions(module: WasmModule, parameters, x, outputs: int) -> np.ndarray:
    """What one network (P,) predicts for inputs (N, d): (N, K)."""
    run, count = Instance(module), len(x)
    columns = run.padded(np.asarray(x).T)
    stride = columns.shape[1]
    weights, given = run.put(parameters), run.put(columns)
    place = run.put(np.full((outputs, stride), np.nan))
    run.call("predict", weights, given, place, stride, stride // run.lanes)
    return run.get(place, (outputs, stride))[:, :count].T


def drawn(shape, seed, *, restarts, parameters, first=0) -> np.ndarray:
    """The standard numbers (R, P) of runs, as `draw_standard` has them."""
    run, blocks = Instance(drawing_module()), -(-parameters // 4)
    place = run.put(np.full((restarts, 4 * blocks), np.nan))
    halves = (half for number in (first * blocks, seed) for half in (number % 2**64, number // 2**64))
    signed = (half - 2**64 * (half >= 2**63) for half in halves)
    run.call("draw", place, blocks, restarts, int(shape == "uniform"), *signed)
    return run.get(place, (restarts, 4 * blocks))[:, :parameters]


class WasmTrainer:
    """Trains as `NumbaTrainer` does, with the same arguments, by the module of WebAssembly."""

    def __init__(self, graph, x, y, *, weights=None, dtype="float32") -> None:
        self.graph, self.dtype = graph, np.dtype(dtype)
        self.table, labels = check_data(graph, x, y, weights, self.dtype)
        gap = gap_of(graph.loss, labels)
        self.gap = -math.inf if gap is None else gap
        self.network = WasmNetwork(graph)

    def module(self, rates=1, plan=Plan()) -> WasmModule:
        return self.network.training(
            self.table.tolist(), dtype=self.dtype.name, rates=rates, update=plan.update,
            scheduled=plan.factors is not None, weighted=plan.weights is not None,
        )  # fmt: skip

    def train(self, parameters, learning_rate, steps, *, plan=Plan(), curves=False) -> TrainResult:
        start = np.array(parameters, self.dtype)
        runs, count = start.shape
        rates = per_run(learning_rate, runs, len(self.graph.sizes) - 1, self.dtype, "learning rate")
        own = plan.own(runs, count, self.dtype)
        module = self.module(rates.shape[1], plan)
        run, lanes = Instance(module), module.lanes
        by_step = plan.by_step(steps, len(self.table), self.dtype)
        data = run.put(np.concatenate([self.table.reshape(-1), by_step]))
        places = [run.put(array) for array in (start, rates, own)]
        scratch = run.put(np.full(module.scratch + lanes, np.nan))
        ends = [run.put(np.full(runs, np.nan)) for _ in range(5)]
        kept = run.put(np.full((runs, steps + 1) if curves else (1, 1), np.nan))
        run.call(
            "kernel", *places, data, self.gap, steps, 0, -(-runs // lanes), runs, int(curves), scratch, *ends, kept
        )
        initial, loss, right, lived, success = (run.get(place, (runs,)) for place in ends)
        state = run.get(places[2], own.shape)[:, len(plan.update.numbers) :]
        return TrainResult(
            run.get(places[0], start.shape), initial, loss, right == 1,
            np.where(np.isnan(loss), lived + 1, NEVER).astype(np.int32), success.astype(np.int32),
            run.get(kept, (runs, steps + 1)) if curves else None,
            state.reshape(runs, len(plan.update.state), count),
        )  # fmt: skip
