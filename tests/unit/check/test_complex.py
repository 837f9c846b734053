"""Functions of complex numbers are judged as functions of their real and imaginary parts, by torch's and jax's ways."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import pytest
import torch

from gradlab.check import Verdict, check_function

Z = torch.randn(2, 3, generator=torch.Generator().manual_seed(0), dtype=torch.complex128)
RIGHT = {
    "exp": (torch.exp, (Z,)),
    "product": (lambda a, b: a * b.conj(), (Z, Z + 1)),
    "abs": (torch.abs, (Z,)),
    "angle": (torch.angle, (Z,)),
    "fft": (torch.fft.fft, (Z,)),
    "rfft, real to complex": (torch.fft.rfft, (Z.real.contiguous(),)),
    "irfft, complex to real": (torch.fft.irfft, (Z,)),
    "solve": (torch.linalg.solve, (torch.eye(3) * 2 + Z[:1].mT @ Z[1:] * 0.3, Z.mT)),
    "a real one beside it": (lambda z, x: (z * x).abs().sum(), (Z, Z.real.contiguous())),
    "complex64": (lambda z: (z * z).sum(), (Z.to(torch.complex64),)),
}


@pytest.mark.parametrize(("function", "arguments"), RIGHT.values(), ids=RIGHT.keys())
def test_torch_is_right(function, arguments):
    report = check_function(function, arguments)
    assert report.ok, str(report)


def test_the_report_says_how_they_are_named():
    report = check_function(torch.exp, Z)
    assert any("pairs" in note for note in report.notes)
    assert report.entries[1].name.endswith("[0, 0, 1]")


class Square(torch.autograd.Function):
    """z^2; torch's convention wants the conjugate of 2 z."""

    @staticmethod
    def forward(ctx, z, conjugate):
        ctx.save_for_backward(z)
        ctx.conjugate = conjugate
        return z * z

    @staticmethod
    def backward(ctx, grad_output):
        (z,) = ctx.saved_tensors
        return grad_output * 2 * (z.conj() if ctx.conjugate else z), None


def test_a_forgotten_conjugate_is_wrong():
    assert check_function(lambda z: Square.apply(z, True), Z).ok
    report = check_function(lambda z: Square.apply(z, False), Z)
    assert report.verdict is Verdict.WRONG


def test_second_derivatives_too():
    assert check_function(lambda z: (z**3).sum(), Z[0, :2].clone(), order=2).ok


W = jnp.array([0.3 + 0.7j, -1.1 + 0.2j])


@jax.custom_vjp
def squared(z):
    return z * z


@jax.custom_vjp
def conjugated(z):
    return z * z


squared.defvjp(lambda z: (z * z, z), lambda z, g: (2 * z * g,))
conjugated.defvjp(lambda z: (z * z, z), lambda z, g: (2 * jnp.conj(z) * g,))


def test_jax_has_another_convention():
    assert check_function(squared, W).ok
    assert check_function(conjugated, W).verdict is Verdict.WRONG
    assert check_function(jnp.abs, W).ok
