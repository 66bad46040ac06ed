"""Measured faults as a page, and one run's verdict and journal as a row of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]

HEAD = """\
# Every fault, measured

Written by `make faults-evidence` (`scripts/faults`), commit {commit}, {date}, seed {seed}, on {machine}.
Every row is one run of the whole chain on a small guest (`tests/guests/catalogue`, 20 requests a second, each asks
all services in the other region on a new connection); nothing is estimated. *Effect* is what the guest's own traffic
on the edge did, before and during. *Contained*: an edge outside the fault did not move. *To hold*: from the call until
every proxy involved read the fault back. *To heal*: from the planned end until every one read back that it is gone.
A run that does not say all is tried once more (a busy machine); the last run counts, every line is in faults.ndjson.

| fault | asked | effect: before → during | proved | contained | to hold | to heal |
|---|---|---|---|---|---|---|
"""


def row_of(verdict: Mapping[str, Any], events: Sequence[Mapping[str, Any]], end_s: float) -> dict[str, Any]:
    """What one run measured of its one injection `it`, which should end `end_s` after t=0; empty without one."""
    found = [one for one in verdict.get("injections", ()) if one["id"] == "it"]
    if not found:
        return {}
    one = found[0]
    at = {event["event"]: event.get("at_us") for event in events if event.get("injection") == "it"}
    ends = [event["zero_us"] + end_s * 1e6 for event in events if event["event"] == "anchor"]
    pending, holding, healed = (at.get(f"injection_{name}") for name in ("pending", "holding", "healed"))
    return {
        "fault": one["fault"],
        "edges": one["edges"],
        "state": one["state"],
        "effect": one["effect"],
        "contained": one["contained"],
        "hold_s": None if pending is None or holding is None else (holding - pending) / 1e6,
        "heal_s": None if healed is None or not ends else (healed - ends[-1]) / 1e6,
        "cleanup": verdict["cleanup"],
        "status": verdict["status"],
    }


def settled(row: Row) -> bool:
    """Whether a row says all that the page claims: it bit, stayed where it belongs, is gone, and the run went on."""
    if not row.get("effect"):
        return False
    good = row["effect"]["proved"] and row["contained"]["proved"] and row["state"] == "healed"
    return bool(good and row["cleanup"] == "verified" and row["status"] == "completed")


def page(rows: Iterable[Row], missing: Sequence[str], about: Mapping[str, Any]) -> str:
    """The page, one line a row, and what is not there."""
    rows = list(rows)
    lines = [HEAD.format(**about) + "\n".join(_line(row) for row in rows), ""]
    good = sum(settled(row) for row in rows)
    lines.append(f"{good} of {len(rows)} proved, contained, healed and read back as gone.")
    lines += [f"* **{row['name']}**: {row_reason(row)}" for row in rows if not settled(row)]
    lines += [f"* No fault of the family *{family}* in this version." for family in missing]
    return "\n".join(lines) + "\n"


def row_reason(row: Row) -> str:
    """Why a row does not say all, in the run's own words."""
    if not row.get("effect"):
        return str(row.get("why") or "the run did not reach the fault")
    reasons = [str(row[part].get("reason") or "") for part in ("effect", "contained") if not row[part]["proved"]]
    if row["state"] != "healed" or row["cleanup"] != "verified":
        reasons.append(f"state {row['state']}, clean-up {row['cleanup']}")
    if row["status"] != "completed":
        reasons.append(f"the run did not go on to its end: {row['status']}")
    return "; ".join(filter(None, reasons)) or "no reason was given"


def _line(row: Row) -> str:
    asked = f"`{row['asked']}`".replace("|", "\\|")
    if not row.get("effect"):
        return f"| {row['name']} | {asked} | not measured | no | – | – | – |"
    effect = row["effect"]
    measured = f"{effect.get('measure') or 'nothing moved'}: {_n(effect.get('before'))} → {_n(effect.get('during'))}"
    marks = ["yes" if row[part]["proved"] else "**no**" for part in ("effect", "contained")]
    times = [_s(row["hold_s"]), _s(row["heal_s"])]
    return f"| {row['name']} | {asked} | {measured.replace('|', '/')} | {' | '.join(marks)} | {' | '.join(times)} |"


def _n(value: float | None) -> str:
    return "–" if value is None else f"{value:.3g}"


def _s(value: float | None) -> str:
    return "–" if value is None else f"{value * 1000:.0f} ms"
