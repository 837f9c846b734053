"""What looks false as it is read and is not: signs in braces, rounded decimals, vectors, units, what is held fixed."""

from __future__ import annotations

import pytest

from gradlab.prove import prove, prove_document

MEAN = r"$\mu = \frac1N\sum_{i=1}^N x_i$, $v = \frac1N\sum_{i=1}^N (x_i - \mu)^2$. "
LOOP = r"$s_t = \tanh(c s_{t-1} + u_t)$. "
LOGISTIC = r"$N(s) = \frac{B}{1+Ce^{-cs}}$. "


@pytest.mark.parametrize(
    ("latex", "wanted"),
    [
        (r"(p {- q}) + \sqrt{p {+ q}} = p - q + \sqrt{p + q}", "TRUE"),
        (r"\left(p \cancel{- q}\right) = p + q", "FALSE"),
        (r"41.5 - 2.347(6.0) = 41.5 - 14.08", "APPROXIMATION"),
        (r"41.5 - 2.347(6.0) = 41.5 - 14.18", "FALSE"),
        (r"0.27183 \cdot 10^{-4} = 0.272 \times 10^{-4}", "APPROXIMATION"),
        (r"\frac{d u(v(t))}{d t} = \frac{d u(v)}{d v} \frac{d v(t)}{d t}", "NOT_UNDERSTOOD"),
        (r"p \times (q \times s) = q(p \cdot s) - s(p \cdot q)", "NOT_UNDERSTOOD"),
        (r"\sigma(z) = \max(0, z)", "CONDITION"),
        (r"\sigma(z) = \frac{1}{1 + e^{z}}", "FALSE"),
        (r"\frac{d}{dt}\log t = \frac{1}{t \ln 10}", "NOT_UNDERSTOOD"),
        (r"\frac{d}{dt}\ln t = \frac{1}{t \ln 10}", "FALSE"),
        (r"\frac{d}{dt}\ln t = \frac{1}{|t|}", "TRUE"),
        (r"5 \text{ plus } 6 = 11", "NOT_UNDERSTOOD"),
        (r"7\,\text{cm} + 50\,\text{mm} = 12\,\text{cm}", "NOT_UNDERSTOOD"),
        (r"\sqrt{19} \approx 4 + \frac13", "APPROXIMATION"),
        (r"t \to 0: \tan t = t", "NOT_UNDERSTOOD"),
        (r"9 \equiv 2 \pmod 7", "NOT_UNDERSTOOD"),
        (r"\sqrt[2k]{t^{2k}} = t", "NOT_UNDERSTOOD"),
        (r"\sqrt[k]{t} = t^{1/k}", "TRUE"),
        (r"\binom41 + \binom32 = \binom73", "NOT_UNDERSTOOD"),
        (r"\binom41 + \binom32 = 8", "FALSE"),
        (r"3\int_0^1 t^2 e^{t^3} dt = 3\left[\frac13 e^{t^3}\right]_0^1", "TRUE"),
        (r"\int_0^1 t^2 dt = [t^3]_0^1", "FALSE"),
        (r"\int_0^1 kt dt = [k t^2]_0^1", "NOT_UNDERSTOOD"),
        (r"1.41(2.83) + 6.71(2.24) + 5 = 24", "APPROXIMATION"),
        (r"1.41(2.83) + 6.71(2.24) + 5 = 25", "FALSE"),
        (r"\det(-A) = \det A", "NOT_UNDERSTOOD"),
        (r"\det(3A) = 3\det A", "FALSE"),
        (r"\frac{e^h - 1}{h} = \frac{e^h}{h} \rightarrow 0 + 1", "NOT_UNDERSTOOD"),
    ],
)
def test_alone(latex, wanted):
    assert [step.verdict for step in prove(latex).steps] == [wanted]


@pytest.mark.parametrize(
    "latex",
    [
        r"\det(2A) = 2\det A",
        r"y = ct, \frac{\partial y}{\partial c} = 1",
        r"y = \ln ct \rightarrow \frac{dy}{dt} = \frac ct",
    ],
)
def test_no_repair_repeats_what_is_asked(latex):
    step = prove(latex).steps[-1]
    assert step.verdict == "FALSE"
    assert step.repair is None or not any(sign in step.repair.message for sign in (r"\partial y", "factor 2"))


@pytest.mark.parametrize(
    ("latex", "repair"),
    [
        (r"\frac{d}{dx}\frac{x^2(1-x^k)}{1-x} = \frac{d}{dx}\frac{x^2}{1-x}", "the factor 1 - x^k is missing in x^2"),
        (r"\frac{d}{dt}\frac{t}{2+t^2} = \frac{2}{(2+t^2)^2}", "the term -t^2 is missing"),
        (r"g(t) = h(5-t), g'(t) = \frac{2}{\sqrt t}", None),
        (r"\frac{d}{dt} t^2 + 7t = 2t", None),  # each reading has a repair of its own
    ],
)
def test_a_repair_is_the_smallest_and_on_the_wrong_side(latex, repair):
    step = prove(latex).steps[-1]
    assert step.verdict == "FALSE"
    assert (step.repair and step.repair.message) == repair


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (MEAN + r"$\frac{\partial v}{\partial \mu} = -\frac2N\sum_{i=1}^N (x_i - \mu)$", "TRUE"),
        (MEAN + r"$\frac{\partial v}{\partial \mu} = \frac7N\sum_{i=1}^N (x_i - \mu)$", "FALSE"),
        (MEAN + r"$\frac{\partial v}{\partial \mu} = 0$", "NOT_UNDERSTOOD"),
        (r"$q = s^2 + r$, $r = 5s$, $\frac{\partial q}{\partial s} = 2s$", "NOT_UNDERSTOOD"),
        (r"$q = s^2 + r$, $r = 5s$, $\frac{dq}{ds} = 2s$", "FALSE"),
        (r"$4s^3 + 4v = 0$, so $v = -s^3$", "NOT_UNDERSTOOD"),
        (r"Let $v = -s^3$. Then $4s^3 + 4v = 0$", "TRUE"),
        (r"$r = 3s^2$, $t = 2s^5$. Then $r' = 6s$, $t' = 10s^2$", "TRUE FALSE"),
        (r"$r = 3s^2$. Then $r' = 5s$", "NOT_UNDERSTOOD"),
        (r"$x = 2.5$, $A = 4x - x^2$, $\frac{dA}{dx} = 4 - 2x$, $\frac{dA}{dx} = 4 - 3x$", "TRUE FALSE"),
        (r"$A = 4x - x^2$, $x = \frac52 = 2.5m$, $\frac{dA}{dx} = 4 - 3x$", "NOT_UNDERSTOOD FALSE"),
        (r"$x = s^2 \ \ \ y = 2s \ \ \ \frac{dx}{ds} = 2s$", "TRUE"),
        (r"$y = \log x$. Then $\frac{dy}{dx} = \frac{1}{x\ln 10}$", "NOT_UNDERSTOOD"),
        (LOGISTIC + r"$\frac{dN}{ds} = cN(1-\frac NB)$", "TRUE"),
        (LOGISTIC + r"$\frac{dN}{ds} = cN(s)(1-\frac{N(s)}B)$, $\frac{dN}{ds} = 2cN(1-\frac NB)$", "TRUE FALSE"),
        (r"$q(s) = e^{s^3}$, $\frac{dq}{ds} = q(3s^2)$, $\frac{dq}{ds} = q(s^2)$", "TRUE NOT_UNDERSTOOD"),
        (r"$q(s) = s^2$, $\frac{dq}{ds} = q(s + 1) - s^2 - 1$", "NOT_UNDERSTOOD"),
        (LOOP + r"$\frac{ds_t}{dc} = (1 - s_t^2)(s_{t-1} + c\frac{ds_{t-1}}{dc})$", "TRUE"),
        (LOOP + r"$\frac{ds_t}{dc} = (1 - s_t^2)s_{t-1}$, $\frac{ds_t}{dc} = 2(1 - s_t^2)s_{t-1}$",
         "NOT_UNDERSTOOD NOT_UNDERSTOOD"),
        (LOOP + r"$\frac{ds_t}{du_t} = 1 - s_t^2$, $\frac{ds_t}{ds_{t-1}} = c$", "TRUE FALSE"),
        (r"$s_t = g(pq)$, where $p = C$ and $q = s_{t-1}$. $\frac{\partial s_{t-1}}{\partial C} "
         r"= \frac{\partial s_{t-1}}{\partial C} + 7\frac{\partial s_{t-1}}{\partial s_{t-2}}"
         r"\frac{\partial s_{t-2}}{\partial C} = \prod_{j=k+1}^{t} \frac{\partial s_j}{\partial s_{j-1}}$",
         "NOT_UNDERSTOOD NOT_UNDERSTOOD"),
        (r"$b = (A^TA)^{-1}A^Tc$. Then $A^T(c - Ab) = 0$, $A(c - Ab) = 0$", "TRUE NOT_UNDERSTOOD"),
        ("$$e^2 - 3 < 1 + 4$$\n\n$$= 4.39 < 5$$", "NOT_UNDERSTOOD CONDITION"),
        ("$\\frac{dA}{dx} = 0 = -3x+9$\n\nLater $x = \\frac52 = 2.5m$", "NOT_UNDERSTOOD CONDITION NOT_UNDERSTOOD"),
        (r"$y = \ln x \rightarrow \frac{dy}{dx} = \frac1x | y=e^x\rightarrow \frac{dy}{dx} = e^x$",
         "NOT_UNDERSTOOD NOT_UNDERSTOOD NOT_UNDERSTOOD"),
    ],
)  # fmt: skip
def test_in_a_text(text, wanted):
    assert " ".join(step.verdict for step in prove_document(text).steps if step.verdict != "DEFINITION") == wanted
