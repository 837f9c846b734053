"""The verdicts on the steps of a chain; what is meant for every layer, or up to a constant, is judged as such."""

from __future__ import annotations

from dataclasses import replace

from gradlab.graph import Expression, Ref
from gradlab.prove._errors import Deadline, NotUnderstoodError
from gradlab.prove._verdict import Truth
from gradlab.prove.judge._agreed import Finding, agreed, open_finding
from gradlab.prove.judge._differentials import changing_in, has_differential, with_changing, with_functions
from gradlab.prove.judge._findings import Judge
from gradlab.prove.judge._integrals import differentiated, has_indefinite, may_have_bounds
from gradlab.prove.judge._rates import HELD, by_time, parametric
from gradlab.prove.judge.arrays._layers import Numbered, in_every_layer, numbered
from gradlab.prove.read._statements import Chain, Known, Layout
from gradlab.prove.read._write import Writer


def findings(chain: Chain, known: Known, deadline: Deadline, repairs: bool = True) -> list[Finding]:
    """The verdicts on the steps of a chain.

    Args:
        chain: its sides, in one reading.
        known: what holds where it stands.
        deadline: when to stop.
        repairs: whether repairs are looked for, which takes longer than the verdicts.
    """
    if any(isinstance(side, Expression) and has_indefinite(side) for side in chain.sides):
        return [_up_to_a_constant(chain, i, known, deadline) for i in range(len(chain.sides) - 1)]
    if any(isinstance(side, Expression) and has_differential(side) for side in chain.sides):
        return _with_differentials(chain, known, deadline, repairs)
    layers = [(one, _in_layer(one, deadline, repairs, not i)) for i, one in enumerate(numbered(chain, known))]
    if any(finding.truth is not Truth.NOT_UNDERSTOOD for _, each in layers for finding in each):
        found = in_every_layer(layers)
        if layers[0][0].certain or all(finding.truth is Truth.TRUE for finding in found):
            return found
    if (quotients := parametric(chain, known)) is not None:
        return Judge(quotients, known, deadline, repairs).findings()
    return _with_rates(Judge(chain, known, deadline, repairs).findings(), chain, known, deadline)


def _with_rates(found: list[Finding], chain: Chain, known: Known, deadline: Deadline) -> list[Finding]:
    """The verdicts on a chain; those that are open as functions of the time, if names have rates in it."""
    for i, finding in enumerate(found):
        one = Chain(chain.sides[i : i + 2], chain.digits[i : i + 1], chain.conditions)
        holds = finding.truth is Truth.TRUE
        timed = by_time(one, known, written=holds)
        if timed is None:
            continue
        again = finding if holds else Judge(timed.chain, timed.known, deadline, repairs=False).findings()[0]
        more = by_time(one, known, timed.others, holds) if timed.others and again.truth is Truth.TRUE else None
        if more is not None and Judge(more.chain, more.known, deadline, False).findings()[0].truth is not Truth.TRUE:
            shown = ", ".join(Writer(known.graph.symbols).latex(Ref(name)) for name in timed.others)
            found[i] = open_finding(f"this holds if {shown} {HELD}; if it is not, write its rate too")
        elif again.truth is Truth.TRUE or (again.truth is Truth.FALSE and timed.complete):
            found[i] = again
    return found


def _in_layer(one: Numbered, deadline: Deadline, repairs: bool, first: bool) -> list[Finding]:
    """The verdicts for one layer; derivatives of a cost have the shape of their arrays, or for the first are turned."""
    if not one.of_costs:
        return Judge(one.chain, one.known, deadline, repairs and first).findings()
    layouts = (Layout.DENOMINATOR, Layout.NUMERATOR)
    usual, turned = (replace(one.known, layout=layout) for layout in layouts)
    found = Judge(one.chain, usual, deadline, repairs and first).findings()
    if not first or all(each.truth is Truth.TRUE for each in found):
        return found
    other = Judge(one.chain, turned, deadline, repairs=False).findings()
    return [agreed([(None, a), (Layout.NUMERATOR, b)]) for a, b in zip(found, other, strict=True)]


def _up_to_a_constant(chain: Chain, i: int, known: Known, deadline: Deadline) -> Finding:
    """The verdict on a step in which an integral without bounds may stand."""
    left, right = chain.sides[i : i + 2]
    pair, plain = (left, right), True
    if isinstance(left, Expression) and isinstance(right, Expression):
        try:
            pair = differentiated((left, right))
        except NotUnderstoodError as error:
            return open_finding(str(error))
        plain = pair == (left, right)
    finding = findings(Chain(pair, chain.digits[i : i + 1], chain.conditions), known, deadline, repairs=plain)[0]
    if finding.truth is Truth.NOT_UNDERSTOOD or plain:
        return finding
    if finding.truth is Truth.FALSE and may_have_bounds((left, right)):
        return open_finding("this integral may be one between bounds that are not written: write them")
    holds = finding.truth is Truth.TRUE
    said = "by the derivatives of both sides, up to a constant" if holds else "the derivatives of both sides differ"
    return replace(finding, reason=said)


def _with_differentials(chain: Chain, known: Known, deadline: Deadline, repairs: bool) -> list[Finding]:
    """The verdicts on a chain of differentials: names of which none stands in it are constant, or else it is open."""
    sides = tuple(side for side in chain.sides if isinstance(side, Expression))
    known = with_functions(sides, known)
    changing, constant = changing_in(sides, known)
    found = Judge(with_changing(chain, changing), known, deadline, repairs).findings()
    if not constant or all(each.truth is not Truth.TRUE for each in found):
        return found
    again = Judge(with_changing(chain, (*changing, *constant)), known, deadline, repairs=False).findings()
    shown = ", ".join(sorted(Writer(known.graph.symbols).latex(name) for name in constant))
    reason = f"this holds if {shown} is constant; if it is not, write its differential too"
    pairs = zip(found, again, strict=True)
    return [open_finding(reason) if a.truth is Truth.TRUE is not b.truth else a for a, b in pairs]
