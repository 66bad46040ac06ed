"""`docs/faults.md` from the catalogue: `make faults` writes it, a unit test keeps it equal."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources

from harness.faults.catalogue import CATALOGUE, SPREADS
from harness.faults.contract import Family, FaultType, parameter_rows
from harness.faults.spread.contract import Spread

_HEAD = """# Faults

Written from the catalogue by `make faults`; `regionfall explain faults` tells the same. A fault names a *symptom*, what
a caller can feel; the driver follows from it. Every fault is proved by its effect on the guest's own traffic, ends at
its own time, and ends when the command dies (`undo`).

Write a fault as an item of a `faults:` list (`{on: TARGET, KIND: …}`), as `how:` of the smallest form, or in one line:
`regionfall break TARGET KIND VALUE`.
"""

_WORDS = {
    Family.SLOW: "Slow",
    Family.CUT: "Cut off",
    Family.ERRORS: "Wrong answers",
    Family.STOPPED: "Stopped containers",
    Family.STARVED: "Starved containers",
    Family.NAMES: "Names",
    Family.TOLD: "Told to misbehave",
}
OWN = "own_faults.md"
"""What the page says about faults of a user's own; beside this file."""


def page() -> str:
    """The whole page."""
    types = list(CATALOGUE.values())
    listed: list[FaultType | Spread] = [*types, *SPREADS]
    index = [f"| [`{one.kind}`](#{one.kind}) | {_cell(one.symptom)} | {_cell(one.driver)} |" for one in listed]
    table = "\n".join(["| fault | symptom | driver |", "|---|---|---|", *index])
    own = resources.files("harness.spec").joinpath(OWN).read_text(encoding="utf-8")
    return "\n\n".join([_HEAD.strip(), table, *_families(types), own.strip()]) + "\n"


def _families(types: list[FaultType]) -> Iterator[str]:
    for family in Family:
        members = [type_ for type_ in types if type_.family is family]
        if members:
            yield f"## {_WORDS[family]}"
            yield from map(_fault, members)
    yield "## Spread over time or over edges\n\nKeys that stand beside any fault that acts on edges."
    yield from (_entry(spread, _sentence(spread.symptom)) for spread in SPREADS)


def _fault(type_: FaultType) -> str:
    reach = f" A region, service or role stands for the edges {type_.reach} it." if type_.acts_on == "edges" else ""
    return _entry(type_, f"{_sentence(type_.symptom)}{reach}")


def _entry(type_: FaultType | Spread, head: str) -> str:
    """One fault, or one way of spreading one."""
    lines = [f"### {type_.kind}", "", head, ""]
    rows = parameter_rows(type_)
    if rows:
        lines += ["| parameter | unit | bounds | default | |", "|---|---|---|---|---|"]
        lines += [f"| {' | '.join(_cell(value) for value in row.values())} |" for row in rows] + [""]
    lines += ["```yaml", type_.example, "```", ""]
    lines += [f"* **driver**: {type_.driver}", f"* **undo**: {type_.undo}", f"* **proof**: {type_.proof}"]
    return "\n".join([*lines, f"* **cannot**: {type_.cannot}"])


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + "."


def _cell(text: str) -> str:
    return text.replace("|", r"\|")


if __name__ == "__main__":  # python -m harness.spec.faults_page > docs/faults.md
    print(page(), end="")
