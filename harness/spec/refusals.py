"""What a plan can never decide, or never prove: refused before anything is touched.

Refusals name the line and the rate, the duration or the clock that would do. Thresholds:

* share limits (availability, error_rate): some outcome must prove the limit and some must disprove it, by exact
  intervals with 5 % on each side (`>= 99%` takes 299 requests, `>= 99.9%` takes 2995);
* upper limits on quantiles: p50 5, p90 29, p95 59, p99 299 requests, below which the interval has no upper end;
  ratios of quantiles the same, in the phases and in `steady`;
* recovers_within: the flow must be watched for as long as it takes to call it recovered (10 s at 50/s and more, 15 s
  from 3.4/s, longer below);
* recovered_at: three such windows after the moment asked for; a range LOW..HIGH must be wider than the resolution;
* order: two recoveries that wait for faults must have ends further apart than both resolutions together;
* a fault on entry edges only must meet at least 5 requests;
* a probe must be asked at least 3 times in the phases of `holds`, and long enough after the fault for `within`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from harness.faults.catalogue import acts_on
from harness.faults.contract import ActsOn
from harness.model.errors import Problem
from harness.model.load import Flow
from harness.model.objective import Limit, SignatureCheck
from harness.model.plan import STEADY, Plan
from harness.model.units import duration_text
from harness.spec import resolution
from harness.spec.metrics import METRICS, Metric, Value
from harness.spec.samples import arrivals, expected_samples, flow_rate

LEAST_ASKED = 3
"""Times that a probe must be asked for its share of good answers to mean anything."""
LEAST_PROOF = 5
"""Requests that a fault on an entry edge must meet to be proved."""


@dataclass(frozen=True, slots=True)
class _Claim:
    """An objective or a signature check, as far as its data are concerned."""

    subject: str
    metric: Metric
    limit: Limit
    phases: tuple[str, ...]
    after: str
    line: int
    column: int


def refusals(plan: Plan) -> list[Problem]:
    """Everything that this plan can never decide, each at the line of the file that asks for it."""
    return [*_claims_refused(plan), *_probes_refused(plan), *_orders_refused(plan), *_faults_refused(plan)]


def _claims(plan: Plan) -> Iterator[_Claim]:
    for o in plan.objectives:
        if not o.existential and o.metric in METRICS:
            yield _Claim(o.subject, METRICS[o.metric], o.limit, o.phases, o.after, o.line, o.column)
    for c in plan.signature:
        if c.limit is not None and c.metric in METRICS:
            yield _Claim(c.subject, METRICS[c.metric], c.limit, c.phases, c.after, c.line, 1)


def _claims_refused(plan: Plan) -> Iterator[Problem]:
    flows = {flow.name: flow for flow in plan.load.flows}
    for claim in _claims(plan):
        if claim.metric.subject != "flow" or claim.subject not in flows:
            continue
        reason = _refusal(plan, claim, flows[claim.subject])
        if reason:
            what = f"{claim.subject} {claim.metric.name} {claim.limit.text}"
            yield Problem(plan.file, claim.line, claim.column, f"{what}: {reason}")


def _probes_refused(plan: Plan) -> Iterator[Problem]:
    probes = {probe.name: probe for probe in plan.probes}
    for claim in _claims(plan):
        if claim.subject not in probes or claim.metric.subject != "probe":
            continue
        probe, limit = probes[claim.subject], claim.limit.high
        if claim.metric.value is Value.WITHIN and limit is not None:
            first = min((i.start_s for i in plan.injections), default=0.0)
            watched = plan.end_s - (plan.phase(claim.after).end_s if claim.after else first)
            needs = limit + probe.every_s + probe.timeout_s
            short = f"only {duration_text(max(watched, 0.0))} are watched; would do: {duration_text(_up(needs))}"
        else:
            watched = sum(phase.end_s - phase.start_s for phase in plan.phases if phase.name in claim.phases)
            needs = LEAST_ASKED * probe.every_s
            short = f"it is asked every {duration_text(probe.every_s)} and the phases last {duration_text(watched)}"
        if watched < needs - 1e-9:
            what = f"{claim.subject} {claim.metric.name} {claim.limit.text}"
            yield Problem(plan.file, claim.line, claim.column, f"{what}: {short}")


def _refusal(plan: Plan, claim: _Claim, flow: Flow) -> str:
    if claim.metric.value is Value.WITHIN:
        return _within_refusal(plan, claim)
    if claim.metric.value is Value.MOMENT:
        return _moment_refusal(plan, claim)
    if claim.metric.name in ("availability", "error_rate"):
        return _share_refusal(plan, claim)
    if claim.metric.quantile is not None:
        return _deadline_refusal(claim, flow) or _quantile_refusal(plan, claim, claim.metric.quantile)
    return ""


def _share_refusal(plan: Plan, claim: _Claim) -> str:
    samples = expected_samples(plan, claim.subject, claim.phases)
    count = round(samples)
    if resolution.share_can_pass(claim.limit, count) and resolution.share_can_fail(claim.limit, count):
        return ""
    needs = resolution.share_needs(claim.limit)
    if needs is None:
        return "no number of requests can prove it; leave room for one bad answer, as in >= 99.9%"
    return _too_few(plan, claim, claim.phases, needs)


def _quantile_refusal(plan: Plan, claim: _Claim, quantile: float) -> str:
    if claim.limit.high is None:
        return ""
    needs = resolution.quantile_needs(quantile)
    for phases in (claim.phases, (STEADY,)) if claim.metric.latency_ratio else (claim.phases,):
        if round(expected_samples(plan, claim.subject, phases)) < needs:
            return _too_few(plan, claim, phases, needs)
    return ""


def _deadline_refusal(claim: _Claim, flow: Flow) -> str:
    """A limit beyond the deadline: what takes longer is a timeout, and a timeout has no time."""
    if claim.metric.latency_ratio or claim.limit.high is None or claim.limit.high <= flow.deadline_s:
        return ""
    deadline = duration_text(flow.deadline_s)
    return f"the flow's deadline is {deadline}, nothing is measured beyond it; lower the limit, or raise the deadline"


def _too_few(plan: Plan, claim: _Claim, phases: tuple[str, ...], needs: int) -> str:
    """The refusal with the rate, the seconds and (on an incident clock) the clock that would do."""
    samples = expected_samples(plan, claim.subject, phases)
    chosen = [phase for phase in plan.phases if phase.name in phases]
    seconds = sum(phase.end_s - phase.start_s for phase in chosen)
    total = sum(arrivals(plan, phase.start_s, phase.end_s) for phase in chosen) / seconds if seconds else 0.0
    spread = 2 * needs**0.5 if plan.load.arrivals == "poisson" else 0.0  # so that chance does not bring too few
    factor = (needs + spread) / samples if samples else 0.0
    where = ", ".join(phases) if phases else "no phase"
    text = f"needs at least {needs} requests, {where} will see about {samples:.0f}"
    if not factor:
        return text
    ways = [f"load.rate {_up(total * factor)}/s instead of {total:g}/s", f"{_up(seconds * factor)} s of wall time"]
    fastest = max((phase.compression for phase in chosen), default=1.0)
    if plan.incident_clock and fastest > 1 and STEADY not in phases:
        ways.append(f"a clock of {max(fastest / factor, 0.01):.3g}x instead of {fastest:g}x")
    return f"{text}; would do: {', or '.join(ways)}"


def _up(value: float) -> int:
    return int(value) + (value > int(value))


def _within_refusal(plan: Plan, claim: _Claim) -> str:
    origin = _origin(plan, claim.after)
    horizon = min((i.start_s for i in plan.injections if i.start_s >= origin - 1e-9), default=plan.end_s)
    rate = flow_rate(plan, claim.subject, tuple(p.name for p in plan.phases if p.end_s > origin))
    watched, needs = horizon - origin, resolution.confirmation_s(rate)
    if watched >= needs - 1e-9:
        return ""
    what = f"only {duration_text(watched)} are watched after" if watched > 0 else "nothing is watched after"
    since = f"phase {claim.after!r}" if claim.after else "the last fault"
    limit = claim.limit.high or 0.0
    return (
        f"{what} {since}; a recovery is one that lasts {needs:g} s at {rate:.3g}/s;"
        f" would do: a phase of {duration_text(_up(limit + needs))} after it"
    )


def _origin(plan: Plan, after: str) -> float:
    if after and any(phase.name == after for phase in plan.phases):
        return plan.phase(after).end_s
    return max((injection.end_s for injection in plan.injections), default=0.0)


def _moment_refusal(plan: Plan, claim: _Claim) -> str:
    low, high = claim.limit.low, claim.limit.high
    if low is not None:
        rate = flow_rate(plan, claim.subject)
        last = plan.phases[-1]
        latest = plan.end_s - resolution.moment_confirmation_s(rate)
        if plan.incident_s(latest) < low:
            seen, lasts = duration_text(max(plan.incident_s(latest), 0.0)), resolution.moment_confirmation_s(rate)
            return (
                f"a recovery can be seen up to {seen}: it must last {lasts:g} s and the timeline ends at"
                f" {duration_text(last.incident_end_s)}; add a phase after it"
            )
    if low is not None and high is not None:
        return _narrow_refusal(plan, claim, (low, high))
    return ""


def _narrow_refusal(plan: Plan, claim: _Claim, span: tuple[float, float]) -> str:
    low, high = span
    phase = next((p for p in plan.phases if p.incident_start_s <= (low + high) / 2 < p.incident_end_s), plan.phases[-1])
    doubt = resolution.resolution_s(flow_rate(plan, claim.subject, (phase.name,))) * phase.compression
    if high - low >= 2 * doubt:
        return ""
    clock = phase.compression * (high - low) / (2 * doubt)
    return (
        f"the range is {duration_text(high - low)} wide, finer than the resolution of ± {duration_text(doubt)} in phase"
        f" {phase.name!r} at {phase.compression:g}x; would do: a clock of {clock:.3g}x there, a higher rate or a wider"
        " range"
    )


def _orders_refused(plan: Plan) -> Iterator[Problem]:
    """Neighbours of an order that wait for different faults, which end too close together to tell which came first.

    Where both wait for the same fault, the order is up to the system and nothing is known beforehand. Where it is not
    said which recovery waits for which fault, no two of the needed faults may end that close together.
    """
    ends = {injection.id: injection.end_s for injection in plan.injections}
    for check in (check for check in plan.signature if check.order):
        waits = [_waits_for(plan, check, flow, ends) for flow in check.order]
        if None in waits:
            yield from _needs_refused(plan, check, ends)
            continue
        for index, (first, second) in enumerate(pairwise(waits)):
            doubt = sum(_doubts(plan, check.order[index : index + 2]))
            if first is not None and second is not None and first != second and abs(ends[second] - ends[first]) < doubt:
                yield _too_close(plan, check, (first, second), doubt)


def _needs_refused(plan: Plan, check: SignatureCheck, ends: dict[str, float]) -> Iterator[Problem]:
    needs = sorted((need for need in check.needs if need in ends), key=lambda need: ends[need])
    doubt = sum(sorted(_doubts(plan, check.order))[:2])
    for first, second in pairwise(needs):
        if 0 < ends[second] - ends[first] < doubt:
            yield _too_close(plan, check, (first, second), doubt)


def _doubts(plan: Plan, flows: tuple[str, ...]) -> list[float]:
    return [resolution.resolution_s(flow_rate(plan, flow)) for flow in flows]


def _too_close(plan: Plan, check: SignatureCheck, faults: tuple[str, str], doubt: float) -> Problem:
    first, second = (next(i for i in plan.injections if i.id == name) for name in faults)
    apart = abs(second.end_s - first.end_s)
    text = f"order: the faults {first.id!r} and {second.id!r}, which its recoveries wait for, end"
    return Problem(plan.file, check.line, 1, f"{text} {_apart(plan, apart, doubt, max(first.end_s, second.end_s))}")


def _apart(plan: Plan, apart: float, doubt: float, moment: float) -> str:
    text = f"{duration_text(apart)} of wall time apart, finer than the resolution of {doubt:.2g} s"
    phase = next((p for p in plan.phases if p.start_s < moment <= p.end_s), plan.phases[-1])
    if plan.incident_clock and phase.compression > 1 and apart > 0:
        clock = phase.compression * apart / doubt
        return f"{text}; would do: a clock of {clock:.3g}x in phase {phase.name!r}, or a higher rate"
    return f"{text}; would do: ends further apart, or a higher rate"


def _waits_for(plan: Plan, check: SignatureCheck, flow: str, ends: dict[str, float]) -> str | None:
    """The fault that a flow's recovery waits for, the last to end: from its recovered_at checks, or named pairwise."""
    checks = [c for c in plan.signature if c.subject == flow and c.metric == "recovered_at"]
    named = [need for c in checks for need in c.needs]
    if not named and len(check.needs) == len(check.order):
        named = [check.needs[check.order.index(flow)]]
    return max((need for need in named if need in ends), key=lambda need: ends[need], default=None)


def _faults_refused(plan: Plan) -> Iterator[Problem]:
    """Faults on entry edges only, where the requests that they meet are known beforehand."""
    for injection in plan.injections:
        if acts_on(injection.fault) is not ActsOn.EDGES:
            continue
        edges = [plan.stack.edge(edge_id) for edge_id in injection.edges]
        if not edges or not all(edge.entry for edge in edges):
            continue
        flows = [flow for flow in plan.load.flows if flow.edge in injection.edges]
        weights = sum(flow.weight for flow in plan.load.flows)
        part = sum(flow.weight for flow in flows) / weights if weights else 0.0
        met = arrivals(plan, injection.start_s, injection.end_s) * part * injection.fault.share
        if met < LEAST_PROOF:
            text = f"{injection.id!r} would meet about {met:.1f} requests of the load; {LEAST_PROOF} prove it"
            yield Problem(plan.file, injection.line, 1, f"{text}; raise load.rate, or hold it longer")
