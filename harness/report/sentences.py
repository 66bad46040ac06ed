"""The few sentences on top: what happened, what the word means, what was run."""

from __future__ import annotations

from harness.model.units import duration_text
from harness.report.facts import Facts
from harness.report.words import Mark

_MEANINGS = {
    "PASSED": "Everything that was asked for held, and the faults were proved to have bitten.",
    "FAILED": "At least one thing that had to hold did not.",
    "INCONCLUSIVE": "The measurements do not decide. Nothing is claimed either way.",
    "STOPPED": "The run was stopped before its end. What was measured until then is below.",
    "ERROR": "The run could not be carried out. This says nothing about the services.",
    "CLEAN-UP UNVERIFIED": "A fault may still be active. Run “regionfall heal” first; the results come second.",
}


def lead(facts: Facts) -> str:
    """'5 of 12 survived, 2 were degraded, 5 went down. All as expected.'; '' where nobody was judged."""
    judged = [card for card in facts.dependents if card.group != "not judged"]
    if not judged:
        return ""
    survived, degraded, down = (len(facts.group(name)) for name in ("survived", "degraded", "down"))
    if len(judged) == 1:
        return f"{judged[0].title} {_ONE[judged[0].group]}."
    parts = [f"{survived} of {len(judged)} survived"]
    if degraded:
        parts.append(f"{degraded} {'was' if degraded == 1 else 'were'} degraded")
    if down:
        parts.append(f"{down} went down")
    return f"{', '.join(parts)}.{_expected(facts)}"


_ONE = {"survived": "survived", "degraded": "was degraded", "down": "went down"}


def _expected(facts: Facts) -> str:
    known = [card for card in facts.dependents if card.as_expected is not None]
    wrong = dict.fromkeys(card.service_title for card in known if card.as_expected is False)
    if not known:
        return ""
    if not wrong:
        return " All as expected." if len(known) == len(facts.dependents) else ""
    names = ", ".join(list(wrong)[:3]) + (f" and {len(wrong) - 3} more" if len(wrong) > 3 else "")
    return f" Not as expected: {names}."


def meaning(facts: Facts) -> str:
    """What the word on top says, for somebody who never saw the tool."""
    mark: Mark = facts.mark
    if facts.record.plan.without_faults:
        return "A control run: the same plan with every fault left out. It shows what is there without an outage."
    if mark.word == "PASSED" and not facts.verdict.injections:
        return "Everything that was asked for held."
    return _MEANINGS[mark.word]


def setting(facts: Facts) -> str:
    """What was run, in one line: '12 flows in 3 regions · 120 requests/s for 4 m · seed 20211207'."""
    plan = facts.record.plan
    flows, regions = len(plan.load.flows), len([r for r in plan.stack.regions if r != "internet"])
    rates = [point.per_s for point in plan.load.rates]
    rate = f"{max(rates):g} requests/s" if len(set(rates)) == 1 else f"{min(rates):g} to {max(rates):g} requests/s"
    parts = [
        f"{_count(flows, 'flow')} into {_count(len(plan.stack.services), 'service')} in {_count(regions, 'region')}",
        f"{rate} for {duration_text(round(plan.end_s - plan.phases[0].start_s))}",
        f"seed {plan.seed}",
    ]
    return " · ".join(parts)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"
