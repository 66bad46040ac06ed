"""The policy file: what fails a gate, what is excused, by whom and until when."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from harness.model.errors import InvalidFile, Problem
from harness.spec.suggest import did_you_mean

FAILED, INCONCLUSIVE, ENVIRONMENT = "failed", "inconclusive", "environment"
ANSWERS = (FAILED, INCONCLUSIVE, ENVIRONMENT)
MOST_RETRIES = 5
KEYS = ("version", "fail_on", "allow_inconclusive", "runs", "retries", "margins", "quarantine")
_QUARANTINE = ("experiment", "objective", "owner", "until", "reason")


@dataclass(frozen=True, slots=True)
class Quarantined:
    """An experiment, or one objective of it, whose failure is reported but does not count until a day has passed."""

    experiment: str
    owner: str
    until: date
    objective: str = ""
    reason: str = ""

    def covers(self, experiment: str, objective: str, today: date) -> bool:
        """Whether this failure is excused on that day, the last one included."""
        named = self.experiment == experiment and self.objective in ("", objective)
        return named and today <= self.until


@dataclass(frozen=True, slots=True)
class Policy:
    """`runs`: how many experiments must have been run. `margins`: metric -> how much worse than before is fine."""

    fail_on: tuple[str, ...] = ANSWERS
    allow_inconclusive: int = 0
    runs: int = 0
    retries: int = 0
    margins: tuple[tuple[str, float], ...] = ()
    quarantine: tuple[Quarantined, ...] = ()


def read_policy(path: Path) -> Policy:
    """The policy of a file; InvalidFile with every problem of it."""
    reader = _Reader(str(path))
    try:
        data = YAML(typ="rt").load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidFile([Problem(str(path), 1, 1, f"cannot be read: {error.strerror}; check the path")]) from None
    except (YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise InvalidFile([Problem(str(path), line, column, f"not YAML: {str(error).splitlines()[0]}")]) from None
    policy = reader.policy(data)
    if reader.problems:
        raise InvalidFile(reader.problems)
    return policy


class _Reader:
    """Collects every problem with its line."""

    def __init__(self, file: str) -> None:
        self._file = file
        self.problems: list[Problem] = []

    def policy(self, data: Any) -> Policy:
        """The whole file."""
        if not isinstance(data, dict):
            self._say(None, "", "a policy is a mapping; write version: 1 and what it asks for")
            return Policy()
        self._known(data, KEYS)
        if data.get("version") != 1:
            self._say(data, "version", f"version is {data.get('version')!r}; this program reads version: 1")
        return Policy(
            fail_on=self._fail_on(data),
            allow_inconclusive=self._count(data, "allow_inconclusive", 10_000),
            runs=self._count(data, "runs", 10_000),
            retries=self._count(data, "retries", MOST_RETRIES),
            margins=self._margins(data),
            quarantine=tuple(self._quarantine(data)),
        )

    def _fail_on(self, data: Any) -> tuple[str, ...]:
        value = data.get("fail_on", list(ANSWERS))
        if not isinstance(value, list):
            self._say(data, "fail_on", f"fail_on is {value!r}; write a list of {', '.join(ANSWERS)}")
            return ANSWERS
        for one in value:
            if one not in ANSWERS:
                self._say(data, "fail_on", f"unknown answer {one!r}; {did_you_mean(str(one), ANSWERS)}")
        return tuple(str(one) for one in value)

    def _count(self, data: Any, key: str, most: int) -> int:
        value = data.get(key, 0)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
            self._say(data, key, f"{key} is {value!r}; write a whole number from 0 to {most}")
            return 0
        return value

    def _margins(self, data: Any) -> tuple[tuple[str, float], ...]:
        value = data.get("margins", {})
        if not isinstance(value, dict):
            self._say(data, "margins", f'margins is {value!r}; write metrics with shares: {{p99: "20%"}}')
            return ()
        found = []
        for metric, text in value.items():
            number = str(text).strip().removesuffix("%")
            try:
                share = float(number) / 100 if str(text).strip().endswith("%") else -1.0
            except ValueError:
                share = -1.0
            if not 0 <= share <= 10:
                self._say(value, metric, f"the margin of {metric} is {text!r}; write a share with its unit, as in 20%")
            found.append((str(metric), share))
        return tuple(found)

    def _quarantine(self, data: Any) -> list[Quarantined]:
        value = data.get("quarantine", [])
        if not isinstance(value, list):
            self._say(data, "quarantine", "quarantine is a list of {experiment, owner, until}")
            return []
        found = []
        for one in value:
            if not isinstance(one, dict):
                self._say(
                    data, "quarantine", f"{one!r} is no entry; write {{experiment: …, owner: …, until: 2027-01-31}}"
                )
                continue
            self._known(one, _QUARANTINE)
            missing = [key for key in ("experiment", "owner", "until") if not one.get(key)]
            if missing:
                self._say(one, "", f"a quarantine needs {', '.join(missing)}: nobody may forget it")
                continue
            until = self._day(one)
            if until is not None:
                texts = {key: str(one.get(key, "")) for key in ("experiment", "owner", "objective", "reason")}
                found.append(Quarantined(until=until, **texts))
        return found

    def _day(self, one: Any) -> date | None:
        value = one["until"]
        try:
            return value if isinstance(value, date) else date.fromisoformat(str(value))
        except ValueError:
            self._say(one, "until", f"until is {value!r}; write a day, as in 2027-01-31")
            return None

    def _known(self, data: Any, keys: tuple[str, ...]) -> None:
        for key in data:
            if key not in keys and not str(key).startswith("x-"):
                self._say(data, key, f"unknown key {key!r}; {did_you_mean(str(key), keys)}")

    def _say(self, data: Any, key: Any, message: str) -> None:
        line, column = 0, 0
        with suppress(AttributeError, KeyError, TypeError):
            line, column = data.lc.key(key) if key in data else (data.lc.line, data.lc.col)
        self.problems.append(Problem(self._file, line + 1, column + 1, message))
