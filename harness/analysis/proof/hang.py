"""hang, blackout, isolate: callers try and nothing comes back. A share of it: new connections left unanswered."""

from __future__ import annotations

from harness.analysis.data.spans import length_s
from harness.analysis.proof import new_connections
from harness.analysis.proof.comparison import Comparison
from harness.analysis.proof.edge_proof import MIN_N, EdgeProof, Says

STRAGGLERS = 0.02
"""Answers that were on their way when the cut came, as a share of tries."""
MEASURE = "answers/s"
LEAST_S = 3
"""Whole seconds with traffic before, and whole seconds during, from which silence of bytes can be told."""


def prove(comparison: Comparison) -> EdgeProof:
    """Tries are counted from the first second of the hold: a caller may try once and wait for all the rest."""
    if comparison.fault.share < 1:
        return new_connections.prove(comparison, "unanswered")
    if no_turns(comparison):
        return by_bytes(comparison)
    tries = sum(comparison.count(name, comparison.asked) for name in ("requests", "connects"))
    answers = comparison.count("responses", comparison.during)
    before = comparison.count("responses", comparison.before)
    rate = before / max(length_s(comparison.before), 1.0)
    now = answers / max(length_s(comparison.during), 1.0)
    says, reason = _says(comparison, tries, answers, before)
    return EdgeProof(comparison.edge, says, MEASURE, rate, now, before, tries, reason)


def _says(comparison: Comparison, tries: int, answers: int, before: int) -> tuple[Says, str]:
    silent = comparison.count("unanswered", comparison.asked) + comparison.count("gave_up", comparison.asked)
    if tries == 0 and answers == 0:
        return Says.IDLE, ""
    if answers > STRAGGLERS * tries:
        says = Says.CONTRADICTED if answers >= 3 else Says.THIN
        return says, f"{answers} answers came back while it held"
    tried_before = sum(comparison.count(name, comparison.before) for name in ("requests", "connects"))
    if before == 0 and tried_before >= MIN_N:
        return Says.THIN, "nothing was answered before either"
    expected = before / max(length_s(comparison.before), 1.0) * length_s(comparison.during)
    if expected >= MIN_N or silent >= 3:
        return Says.PROVED, f"{tries} tries, {silent} unanswered or given up"
    return Says.THIN, f"{tries} tries, {before} answers before: too little traffic to tell"


def no_turns(comparison: Comparison) -> bool:
    """An edge on which only bytes can be seen (UDP)."""
    known = (comparison.count(name, comparison.before) for name in ("connects", "requests", "responses"))
    return not any(known) and comparison.count("down_bytes", comparison.before) > 0


def by_bytes(comparison: Comparison) -> EdgeProof:
    """Nothing comes back any more, where bytes are all that can be seen."""
    before, during = (comparison.rate("down_bytes", part) for part in (comparison.before, comparison.during))
    sent = comparison.count("up_bytes", comparison.asked)
    if sent == 0 and during.sum() == 0:
        return EdgeProof(comparison.edge, Says.IDLE, "bytes/s back", n_before=len(before))
    stopped = during.sum() <= STRAGGLERS * before.mean() * max(len(during), 1)
    enough = int((before > 0).sum()) >= LEAST_S and len(during) >= LEAST_S
    says = Says.PROVED if stopped and enough else Says.THIN if not enough else Says.CONTRADICTED
    means = float(before.mean()), float(during.mean()) if len(during) else 0.0
    reason = "" if says is Says.PROVED else "bytes still came back" if enough else "too little traffic to tell"
    return EdgeProof(comparison.edge, says, "bytes/s back", *means, len(before), len(during), reason)
