"""sql: one query to PostgreSQL, asked with the service's own psql, so that no password leaves its container."""

from __future__ import annotations

import re

from harness.model.errors import NotAnswered, NotMeasured
from harness.model.probe import Outcome, Probe, ProbeKind, Ran, bad, good, within
from harness.probes.contract import SERVICE, VALUE, ProbeType, Setting, World

_STATE = re.compile(r"(?:ERROR|FATAL):\s+([0-9A-Z]{5}):")
_NO_CONNECTION, _FAILED = 2, (1, 3)


def measure(probe: Probe, world: World, _memory: dict[str, str]) -> Outcome:
    """Good: an answer, and the first column of its first row keeps to `value` (or is the text of `contains`)."""
    environment = {
        "PGCONNECT_TIMEOUT": str(max(2, round(probe.timeout_s))),
        "PGOPTIONS": f"-c statement_timeout={round(probe.timeout_s * 1000)}",
    }
    if probe.password_from:
        environment["PGPASSWORD"] = _password(probe, world)
    ran = world.run(probe.service, _command(probe, world), probe.timeout_s + 1.0, environment)
    return _read(probe, ran)


def _command(probe: Probe, world: World) -> list[str]:
    """The official image's own variables name user and database where the file does not."""
    user = probe.user or world.variable(probe.service, "POSTGRES_USER") or "postgres"
    database = probe.database or world.variable(probe.service, "POSTGRES_DB") or user
    words = ["psql", "-X", "-A", "-t", "-q", "-w", "-v", "ON_ERROR_STOP=1", "-v", "VERBOSITY=verbose"]
    where = ["-h", "127.0.0.1"] if probe.password_from else []
    return [*words, *where, "-p", str(probe.port or 5432), "-U", user, "-d", database, "-c", probe.query]


def _password(probe: Probe, world: World) -> str:
    found = world.variable(probe.service, probe.password_from)
    if found is None:
        raise NotMeasured(f"{probe.service} has no variable {probe.password_from}")
    return found


def _read(probe: Probe, ran: Ran) -> Outcome:
    if ran.code == _NO_CONNECTION:
        raise NotAnswered("the database does not accept the connection")
    if ran.code in _FAILED:
        state = _STATE.search(ran.err)
        code = state[1] if state else "?"
        if code.startswith("42"):  # a mistake in the query says nothing about the database
            raise NotMeasured(f"the query is wrong (SQLSTATE {code})")
        return bad(f"the database answered with an error (SQLSTATE {code})")
    if ran.code != 0:
        raise NotMeasured(f"psql ended with code {ran.code}")
    first = ran.out.splitlines()[0].split("|")[0] if ran.out.strip() else ""
    if probe.contains:
        return good() if probe.contains == first else bad("another value than the one that is looked for")
    return _number(probe, first)


def _number(probe: Probe, text: str) -> Outcome:
    try:
        return within(probe.limit, float(text))
    except ValueError:
        if probe.limit is None:
            return good()
        raise NotMeasured("no row, or not a number, where a number is compared") from None


TYPE = ProbeType(
    kind=ProbeKind.SQL,
    asks="what does the database answer?",
    driver="psql in the service's own container",
    settings=(
        SERVICE,
        Setting("query", "the statement"),
        Setting("user", "default: POSTGRES_USER of the service, else postgres"),
        Setting("database", "default: POSTGRES_DB of the service, else the user's"),
        Setting("password_from", "name of the service's variable that holds the password; default: none is sent"),
        Setting("port", "default 5432"),
        Setting("equals", "the text that the first column of the first row must be"),
        VALUE,
    ),
    example="{sql: {service: db, query: 'select count(*) from orders'}, value: '>= 10'}",
    cannot="PostgreSQL only, and the image must hold psql (the official ones do)",
    measure=measure,
)
