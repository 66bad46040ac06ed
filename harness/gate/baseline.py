"""What an experiment measured before: kept in one file, comparable only with the same images on the same machine class.

Non-inferiority: the interval of now against the value of then, with a declared margin. Passed when even its worse end
lies within the margin, failed when even its better end does not, else inconclusive.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.gate.run import Run
from harness.model.errors import UsageError

SCHEMA = 1
MORE_IS_BETTER = frozenset({"availability", "goodput", "holds"})
SHARES = frozenset({"availability", "error_rate", "holds"})


@dataclass(frozen=True, slots=True)
class Compared:
    """One objective beside its baseline; everything empty where there is none."""

    baseline: float | None = None
    margin: float | None = None
    verdict: str = ""
    observed: float | None = None
    """What was set against it, where that is not the run's own number."""


@dataclass(slots=True)
class Baseline:
    """Key -> objective -> observed value."""

    known: dict[str, dict[str, float]] = field(default_factory=dict)

    def of(self, verdict: dict[str, Any]) -> dict[str, float]:
        """What this experiment showed with these images on such a machine; {} if never."""
        return self.known.get(key_of(verdict), {})

    def knows(self, verdict: dict[str, Any]) -> bool:
        """Whether this experiment passed before, with these images on such a machine."""
        return bool(self.of(verdict))

    def broken(self) -> list[Run]:
        """Nothing is run for a baseline."""
        return []

    def compared(self, verdict: dict[str, Any], finding: dict[str, Any], margin: float) -> Compared:
        """One objective against what was measured before."""
        return compared(self.of(verdict), finding, margin)

    def learn(self, verdicts: Iterable[dict[str, Any]]) -> None:
        """Keep what passed; a run that did not is no baseline for anything."""
        for verdict in verdicts:
            if verdict["exit_code"] == 0:
                self.known[key_of(verdict)] = {
                    one["name"]: one["observed"]
                    for one in verdict["findings"]
                    if one["kind"] == "objective" and one["observed"] is not None
                }

    def write(self, path: Path) -> None:
        """The whole file."""
        path.write_text(json.dumps({"schema": SCHEMA, "known": self.known}, indent=1, sort_keys=True) + "\n", "utf-8")


def read_baseline(path: Path) -> Baseline:
    """The file, or an empty baseline where there is none yet. UsageError for one that cannot be read."""
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
        if body["schema"] != SCHEMA:
            raise ValueError(f"schema {body['schema']}")
        return Baseline({str(key): dict(value) for key, value in body["known"].items()})
    except FileNotFoundError:
        return Baseline()
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"{path}: not a baseline of this version ({error}); remove it, and save a new one") from error


def key_of(verdict: dict[str, Any]) -> str:
    """Experiment, contents of the images, class of the machine."""
    facts = verdict["environment"]
    images = sorted(f"{name}={value}" for name, value in facts.items() if name.startswith("image of "))
    cores = f"cores={facts.get('cores', '')}"
    digest = hashlib.sha256("\n".join([*images, cores]).encode()).hexdigest()[:12]
    return f"{verdict['experiment']} {digest}"


def compared(known: dict[str, float], finding: dict[str, Any], margin: float) -> Compared:
    """One objective against the baseline. The margin of a share is in points, of anything else relative."""
    then, interval = known.get(finding["name"]), finding["interval"]
    if then is None:
        return Compared()
    if not interval or finding["observed"] is None or None in interval:
        return Compared(then, margin, "inconclusive")
    low, high = interval
    room = margin if finding["metric"] in SHARES else margin * abs(then)
    if finding["metric"] in MORE_IS_BETTER:
        worst, best, fine = low, high, then - room
        verdict = "passed" if worst >= fine else "failed" if best < fine else "inconclusive"
    else:
        worst, best, fine = high, low, then + room
        verdict = "passed" if worst <= fine else "failed" if best > fine else "inconclusive"
    return Compared(then, margin, verdict)
