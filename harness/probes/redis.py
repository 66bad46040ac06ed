"""redis: one command to Redis, asked with the service's own redis-cli."""

from __future__ import annotations

from harness.model.errors import NotAnswered, NotMeasured
from harness.model.probe import Outcome, Probe, ProbeKind, bad, good, within
from harness.probes.contract import SERVICE, VALUE, ProbeType, Setting, World


def measure(probe: Probe, world: World, _memory: dict[str, str]) -> Outcome:
    """Good: an answer that is no error, and keeps to `value` or is the text of `equals`."""
    environment = {}
    if probe.password_from:
        found = world.variable(probe.service, probe.password_from)
        if found is None:
            raise NotMeasured(f"{probe.service} has no variable {probe.password_from}")
        environment["REDISCLI_AUTH"] = found
    words = ["redis-cli", "--raw", "-p", str(probe.port or 6379), *probe.command]
    ran = world.run(probe.service, words, probe.timeout_s, environment)
    answer = ran.out.strip()
    if "Could not connect" in ran.out + ran.err:
        raise NotAnswered("Redis does not accept the connection")
    if ran.code != 0:
        raise NotMeasured(f"redis-cli ended with code {ran.code}")
    if not ran.out:  # every answer ends its line, also an empty one; the engine has lost an output before
        raise NotMeasured("redis-cli ended well and said nothing")
    word = answer.partition(" ")[0]
    if word.isupper() and word in _ERRORS:
        return bad(f"Redis answered with an error ({word})")
    if probe.contains:
        return good() if answer == probe.contains else bad("another value than the one that is looked for")
    return _number(probe, answer)


_ERRORS = frozenset(
    (
        *("ERR", "WRONGTYPE", "NOAUTH", "NOPERM", "READONLY", "LOADING", "MASTERDOWN", "MISCONF", "OOM", "BUSY"),
        *("CLUSTERDOWN", "NOREPLICAS", "MOVED"),
    )
)
"""How Redis's errors begin; redis-cli ends with code 0 all the same."""


def _number(probe: Probe, text: str) -> Outcome:
    if probe.limit is None:
        return good()
    try:
        return within(probe.limit, float(text))
    except ValueError:
        raise NotMeasured("not a number where a number is compared") from None


TYPE = ProbeType(
    kind=ProbeKind.REDIS,
    asks="what does Redis answer?",
    driver="redis-cli in the service's own container",
    settings=(
        SERVICE,
        Setting("run", "the command as a list of words: [GET, key]"),
        Setting("password_from", "name of the service's variable that holds the password; default: none is sent"),
        Setting("port", "default 6379"),
        Setting("equals", "the text that the answer must be"),
        VALUE,
    ),
    example="{redis: {service: cache, run: [PING], equals: PONG}}",
    cannot="the image must hold redis-cli (the official ones do)",
    measure=measure,
)
