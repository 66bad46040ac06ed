"""exec: a command inside a service's container, without a shell; its exit code, and a text or number that it prints."""

from __future__ import annotations

from harness.model.errors import NotMeasured
from harness.model.probe import Outcome, Probe, ProbeKind, bad, good, within
from harness.probes.contract import SERVICE, VALUE, ProbeType, Setting, World

_NOT_STARTED = (126, 127)


def measure(probe: Probe, world: World, _memory: dict[str, str]) -> Outcome:
    """Good: the exit code, the text in what it printed, and the number that it printed keeps to `value`."""
    ran = world.run(probe.service, probe.command, probe.timeout_s)
    if ran.code in _NOT_STARTED and ran.code != probe.code:
        raise NotMeasured(f"the command could not be started (code {ran.code})")
    if ran.code != probe.code:
        return bad(f"exit code {ran.code}", float(ran.code))
    if probe.contains and probe.contains not in ran.out:
        return bad("it does not print the text that is looked for")
    if probe.limit is None:
        return good(float(ran.code))
    try:
        return within(probe.limit, float(ran.out.strip()))
    except ValueError:
        raise NotMeasured("it does not print a number") from None


TYPE = ProbeType(
    kind=ProbeKind.EXEC,
    asks="how does a command end inside a container?",
    driver="the engine's exec, without a shell, killed inside the container at its timeout",
    settings=(
        SERVICE,
        Setting("run", "the command as a list of words"),
        Setting("code", "the exit code that is good; default 0"),
        Setting("contains", "a text that it prints"),
        VALUE,
    ),
    example="{exec: {service: web, run: [test, -f, /tmp/ready]}}",
    cannot="the image must hold `timeout` (coreutils and busybox do), which ends a command that hangs",
    measure=measure,
)
