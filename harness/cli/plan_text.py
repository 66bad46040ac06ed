"""A plan as a calm table: what is there, what will break, when, and what the data can show. Pure text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.faults.catalogue import fault_words
from harness.model.fault import Injection
from harness.model.objective import Objective, SignatureCheck
from harness.model.plan import STEADY, Phase, Plan
from harness.model.stack import INTERNET
from harness.model.step import Step, StepKind
from harness.model.units import duration_text
from harness.spec.feasibility import Feasibility, PhaseEstimate

Row = Sequence[str]
_WIDEST = 96
"""Lists of names are cut here; tables are as wide as they are."""


def plan_text(plan: Plan, feasibility: Feasibility) -> str:
    """Everything that `run` would do, and what it could show. Ends without a newline."""
    blocks = [
        _head(plan),
        _stack(plan),
        _load(plan),
        _phases(plan),
        _faults(plan),
        _steps(plan),
        _samples(plan, feasibility),
        _claims(plan, feasibility),
        _notes(plan),
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def _head(plan: Plan) -> list[str]:
    title = f"  {plan.title}" if plan.title else ""
    length = duration_text(round(plan.end_s - plan.start_s))
    arm = "  ·  control run: every fault is left out" if plan.without_faults else ""
    lines = [f"{plan.name}{title}", f"{plan.file}  ·  seed {plan.seed}  ·  {length} of load{arm}"]
    if plan.incident_clock:
        zero = f", t=0 is {plan.incident_t0}" if plan.incident_t0 else ""
        span = duration_text(plan.phases[-1].incident_end_s)
        lines.append(f"incident clock: {span} of the incident in {duration_text(round(plan.end_s))}{zero}")
    return lines


def _stack(plan: Plan) -> list[str]:
    stack = plan.stack
    lines = [f"Stack {stack.project}: {_count(len(stack.services), 'service')}, {_count(len(stack.edges), 'edge')}"]
    rows = []
    for region in stack.regions:
        names = [service.name for service in stack.services if service.region == region]
        text = _cut(", ".join(names)) if names else f"clients, {_count(sum(e.entry for e in stack.edges), 'entry')}"
        rows.append(("", region, str(len(names)) if region != INTERNET else "", text))
    lines += _table(rows)
    lines += [f"  {a} ~ {b}: {duration_text(rtt)} apart" for a, b, rtt in stack.rtt_s]
    for service, variables in plan.environment:
        lines.append(f"  {service}: {', '.join(f'{name}={value}' for name, value in variables)}")
    return lines


def _count(number: int, word: str) -> str:
    plural = f"{word[:-1]}ies" if word.endswith("y") else f"{word}s"
    return f"{number} {word if number == 1 else plural}"


def _cut(text: str) -> str:
    return text if len(text) <= _WIDEST else text[: _WIDEST - 2].rsplit(",", 1)[0] + ", …"


def _load(plan: Plan) -> list[str]:
    load = plan.load
    rates = ", then ".join(
        f"{point.per_s:g}/s" + (f" from {duration_text(point.at_s)}" if index else "")
        for index, point in enumerate(load.rates)
    )
    kind = f"{load.arrivals}, {load.connections}, {load.slots} slots"
    lines = [f"Load: {rates} in all, {kind}, warm-up {duration_text(plan.warmup_s)}"]
    total = sum(flow.weight for flow in load.flows) or 1.0
    rows = [
        ("", flow.name, f"{flow.method} {flow.service}:{flow.port}{flow.path}", f"{flow.weight / total:.1%}".rjust(6),
         f"deadline {duration_text(flow.deadline_s)}")
        for flow in load.flows
    ]  # fmt: skip
    return lines + _table(rows)


def _phases(plan: Plan) -> list[str]:
    rows: list[Row] = [
        ("", "phase", "from", "wall", *(("incident", "speed") if plan.incident_clock else ()), "holding")
    ]
    for phase in plan.phases:
        start, wall = duration_text(round(phase.start_s, 2)), duration_text(round(phase.end_s - phase.start_s, 2))
        clock = _clock(phase) if plan.incident_clock else ()
        holding = [i.id for i in plan.injections if i.start_s < phase.end_s - 1e-6 and i.end_s > phase.start_s + 1e-6]
        rows.append(("", phase.name, start, wall, *clock, _cut(", ".join(holding)) or "-"))
    return ["Phases", *_table(rows)]


def _clock(phase: Phase) -> tuple[str, str]:
    if phase.name == STEADY:
        return "before t=0", ""
    minutes = f"{phase.incident_start_s / 60:g}-{phase.incident_end_s / 60:g} min"
    return minutes, f"{phase.compression:.3g}x"


def _faults(plan: Plan) -> list[str]:
    if not plan.injections:
        return ["Faults: none"] if plan.without_faults else []
    rows: list[Row] = [("", "fault", "what", "on", "edges", "from", "holds", "incident" if plan.incident_clock else "")]
    lines = [f"Faults: {len(plan.injections)}", *_table([*rows, *(_fault(plan, one) for one in plan.injections)])]
    drawn = [(one.id, one.services or one.edges) for one in plan.injections if one.fault.gray]
    return lines + [f"  {name} hits, drawn from seed {plan.seed}: {', '.join(hit)}" for name, hit in drawn]


def _fault(plan: Plan, one: Injection) -> Row:
    steps = "one step" if one.fault.ramp_steps == 1 else f"{one.fault.ramp_steps} steps"
    ramp = f" in {steps} over {duration_text(one.fault.ramp_over_s)}"
    words = fault_words(one.fault) + (ramp if one.fault.ramp_from_s is not None else "")
    incident = ""
    if plan.incident_clock:
        incident = f"{plan.incident_s(one.start_s) / 60:.4g}-{plan.incident_s(one.end_s - 1e-6) / 60:.4g} min"
    hold = duration_text(round(one.end_s - one.start_s, 2))
    return ("", one.id, words, one.target, str(len(one.edges)), duration_text(round(one.start_s, 2)), hold, incident)


def _steps(plan: Plan) -> list[str]:
    if not plan.steps:
        return []
    arm = ", carried out in the control arm too" if plan.without_faults else ""
    rows = [
        ("", one.name, one.words, _way(plan, one), f"at {duration_text(round(one.at_s, 2))}", one.phase,
         f"deadline {duration_text(one.deadline_s)}")
        for one in plan.steps
    ]  # fmt: skip
    return [f"Steps: {len(plan.steps)}{arm}", *_table(rows)]


def _way(plan: Plan, one: Step) -> str:
    """From where a step acts: faults on the clients' way meet a call to an entry, nothing else does."""
    if one.kind is not StepKind.HTTP:
        return ""
    entry = plan.stack.service(one.service).entry
    return "as clients do" if entry is not None and entry.port == one.port else "from beside it"


def _samples(plan: Plan, feasibility: Feasibility) -> list[str]:
    """Expected requests by flow and phase, with the smallest difference of the good share that they show."""
    if not plan.load.flows:
        return []
    head = ["", "flow", *(f"{phase.phase}" for phase in feasibility.phases)]
    rows: list[Row] = [head]
    for index, flow in enumerate(plan.load.flows):
        rows.append(["", flow.name, *(_resolved(phase, index) for phase in feasibility.phases)])
    return [
        "Requests expected, and the smallest difference of the good share that they show (95 %, at half good)",
        *_table(rows),
    ]


def _resolved(phase: PhaseEstimate, index: int) -> str:
    estimate = phase.flows[index]
    return f"{estimate.samples:.0f} ± {estimate.half_width * 100:.1f}%"


def _claims(plan: Plan, feasibility: Feasibility) -> list[str]:
    lines: list[str] = []
    allowed = {(check.subject, check.limit): check for check in feasibility.checks}
    if plan.objectives:
        rows = []
        for one in plan.objectives:
            check = allowed.get((one.subject, one.limit.text)) if one.metric == "availability" else None
            known = check is not None and check.bad_allowed is not None
            spare = f"passes with up to {check.bad_allowed} of {check.samples:.0f} bad" if check and known else ""
            rows.append(("", *_objective(plan, one), spare))
        lines += [f"Objectives: {len(plan.objectives)}", *_table(rows)]
    if plan.signature:
        points = len({check.point for check in plan.signature})
        lines += ["", f"Signature: {_count(points, 'point')}, {_count(len(plan.signature), 'check')}"]
        lines += _table([_check(plan, check) for check in plan.signature])
    if plan.stops:
        lines += ["", *(f"Stops when {stop.text}: {stop.verdict}" for stop in plan.stops)]
    return lines[1:] if lines and not lines[0] else lines


def _scope(plan: Plan, phases: tuple[str, ...], after: str) -> str:
    """Phases in words: all of the timeline reads 'throughout'."""
    if phases == tuple(phase.name for phase in plan.phases[1:]):
        return "throughout"
    return ", ".join(phases) or (f"after {after}" if after else "")


def _objective(plan: Plan, one: Objective) -> tuple[str, str, str]:
    scope = _scope(plan, one.phases, one.after)
    return one.subject, f"{one.metric} {one.limit.text}", scope


def _check(plan: Plan, check: SignatureCheck) -> Row:
    needs = f"needs {', '.join(check.needs)}" if check.needs else ""
    if check.limit is None:
        return (
            "",
            str(check.point),
            str(check.role),
            "",
            "order",
            "",
            f"{' < '.join(check.order)}; {needs}".rstrip("; "),
        )
    what, scope = f"{check.metric} {check.limit.text}", _scope(plan, check.phases, check.after)
    return ("", str(check.point), str(check.role), check.subject, what, scope, needs)


def _notes(plan: Plan) -> list[str]:
    return ["Notes", *(f"  {note}" for note in plan.notes)] if plan.notes else []


def _table(rows: Sequence[Row]) -> list[str]:
    """Columns as wide as their widest entry; the last is free. The first row's empty cell is the indent."""
    return list(_lines([[str(cell) for cell in row] for row in rows]))


def _lines(rows: list[list[str]]) -> Iterator[str]:
    columns = max((len(row) for row in rows), default=0)
    widths = [max((len(row[n]) for row in rows if n < len(row)), default=0) for n in range(columns)]
    for row in rows:
        yield "  ".join(cell.ljust(widths[n]) for n, cell in enumerate(row)).rstrip()
