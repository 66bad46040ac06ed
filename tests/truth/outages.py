"""The list of outages of `make truth`: the replay as it is, and what is varied, with the claim that each must meet."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import claims
import variants
from bench import parsed
from readings import Reading

LONGER, BY = "blind", 60.0
LATER, LATER_UNTIL, LATER_BY, DEPENDENTS = "dns-api", "480m", 60.0, ("dns-change", "air-ctrl")
SHARED, SHARE, EDGE, TROUGH = "video-multi", 0.40, "load->video-multi:8080", "bytes_ratio"
UNTOUCHED = ("air-off", "dns-answers", "static-east")
"""Flows that no fault reaches: they tell whether the machine was busy with something else."""
HEAL = ("dns-moved", 14.0)
"""Phase and wall seconds into it."""
PROMPT = 30.0
"""Incident minutes within which a flow is back after a heal: 5 s of wall time at the clock of that phase."""
SLOWER = {"gateway": 240.0, "air-phone": 260.0, "bus-latency": 240.0}
"""Servers replaced one after the other, and a backlog that is worked off: both take wall time, not incident time."""


@dataclass(frozen=True)
class Outage:
    """One run: its name, the claim in words, the document, how it is run, and what must follow (base, run)."""

    name: str
    claim: str
    document: variants.Document
    answer: Callable[[Reading, Reading], claims.Answer]
    options: tuple[str, ...] = ()
    heal: tuple[str, float] | None = None
    names: dict[str, str] | None = None
    """Not None: on a copy of the stack with these names."""


def outages(document: variants.Document, compose: str, seed: int, *, everything: bool = False) -> Iterable[Outage]:
    """All outages; `seed` draws which faults are left out and what the copy is called. The base comes first."""
    draw = random.Random(seed)
    end = next(variants.minutes(phase["until"]) for phase in document["timeline"] if phase["phase"] == LONGER)
    yield Outage("base", "the replay as it is written", document, lambda base, run: claims.base(run))
    yield Outage(
        "control", "the same without any fault", document, lambda base, run: claims.control(run), ("--no-faults",)
    )
    yield Outage(
        f"longer-{LONGER}",
        f"phase {LONGER} {BY:g} incident minutes longer, everything after it shifted",
        variants.longer(document, LONGER, BY),
        lambda base, run: claims.longer(base, run, end, BY),
    )
    yield Outage(
        f"later-{LATER}",
        f"{LATER} alone lifted at {LATER_UNTIL}",
        variants.lifted_later(document, LATER, LATER_UNTIL),
        lambda base, run: claims.later(base, run, DEPENDENTS, LATER_BY),
    )
    yield from _without(document, draw, everything)
    deeper = variants.with_limit(document, EDGE, TROUGH, f"{1 - SHARE - 0.04:.0%}..{1 - SHARE + 0.04:.0%}")
    yield Outage(
        f"share-{SHARE:.2f}",
        f"{SHARE:.0%} of {SHARED}'s users in the east, not 26 %",
        variants.with_variable(deeper, SHARED, "EAST_SHARE", f"{SHARE:.2f}"),
        lambda base, run: claims.trough(run, TROUGH, SHARE, 0.04),
    )
    names = variants.fresh_names(variants.names_of(parsed(compose)), draw)
    yield Outage(
        "renamed", "a copy with every service and region renamed", variants.renamed(document, names), claims.renamed,
        names=names,
    )  # fmt: skip
    yield Outage(
        "healed",
        f"`heal` in mid-run, {HEAL[1]:g} s into phase {HEAL[0]}",
        document,
        lambda base, run: claims.healed(base, run, PROMPT, SLOWER),
        heal=HEAL,
    )


def _without(document: variants.Document, draw: random.Random, everything: bool) -> Iterable[Outage]:
    needed = sorted({name for check in document["signature"] for name in check.get("needs", ())})
    every = [fault["id"] for _, fault in variants.injections(document)]
    for name in every if everything else draw.sample(needed, 2):
        yield Outage(
            f"without-{name}",
            f"{name} left out",
            variants.without(document, name),
            lambda base, run, left=name: claims.left_out(base, run, left),  # type: ignore[misc]
        )


def rows(lines: Iterable[dict[str, Any]], commit: str) -> list[dict[str, Any]]:
    """The newest line of every variant at this commit, in the order in which they were first seen."""
    newest: dict[str, dict[str, Any]] = {}
    for line in lines:
        if line["commit"] == commit:
            newest[line["variant"]] = line
    return list(newest.values())


def rendered(lines: list[dict[str, Any]]) -> str:
    """The evidence as a page: what was claimed, expected and measured, and whether it holds."""
    if not lines:
        return "# Nothing is painted on\n\nNot run yet: `make truth`.\n"
    last = lines[-1]
    head = [
        "# Nothing is painted on",
        "",
        "If the replay is an outage and not a picture of one, other outages must show what follows from them.",
        "Every row is a whole run of `experiments/aws-us-east-1-2021-12-07.chaos.yaml`, varied as it says.",
        "`make truth` makes them anew; `truth.ndjson` holds every recovery and every check of every run.",
        "",
        f"Commit {last['commit']} · seed {last['seed']} · {last['machine']} · {lines[0]['date']} to {last['date']}",
        "",
        "| claim | expected | measured | holds |",
        "|---|---|---|---|",
    ]
    for line in lines:
        holds = "yes" if line["holds"] else "**no**: " + line["why"]
        cells = (f"{line['claim']} (`{line['variant']}`)", line["expected"], line["measured"], holds)
        head.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(head) + "\n"


def stack_copy(source: Path, target: Path, names: dict[str, str]) -> Path:
    """A copy of the folder of the stack with every name changed; its Compose file."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", ".regionfall"))
    file = target / "compose.yaml"
    file.write_text(variants.renamed_text(file.read_text(encoding="utf-8"), names), encoding="utf-8")
    return file
