"""The replay of us-east-1 fits its stack: it loads, every injection meets traffic, every claim can be decided."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from harness.cluster.project import project_from
from harness.model.objective import Role
from harness.model.plan import Plan
from harness.model.stack import Stack
from harness.spec.feasibility import feasibility
from harness.spec.load import load_experiment

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "compose" / "compose.yaml"
REPLAY = ROOT / "experiments" / "aws-us-east-1-2021-12-07.chaos.yaml"


def stack_of(compose: Path) -> Stack:
    """The stack without asking Compose: what is merged here is merged by YAML itself."""
    config: dict[str, Any] = YAML(typ="safe").load(compose)
    for service in config["services"].values():
        service.pop("build", None)
        service.pop("depends_on", None)
    return project_from(config, [compose], directory=compose.parent).stack


def loaded(replay: Path, compose: Path, *overrides: str) -> Plan:
    def read(_files: tuple[Path, ...] | None, _directory: Path) -> Stack:
        return stack_of(compose)

    return load_experiment(replay, read_stack=read, overrides=overrides, seed=None, clock=None)


@cache
def replay() -> Plan:
    return loaded(REPLAY, COMPOSE)


def callers_at_work(stack: Stack) -> set[str]:
    """Services that clients enter, or that are called by such, or that have steady work of their own."""
    busy = {edge.callee for edge in stack.edges if edge.entry} | {"fleet", "gateway-pool"}
    while more := {edge.callee for edge in stack.edges if edge.caller in busy} - busy:
        busy |= more
    return busy


def test_the_replay_loads_and_everything_it_claims_can_be_decided() -> None:
    assert feasibility(replay()).refused == ()


def test_the_replay_has_the_phases_of_the_record_and_ends_in_time() -> None:
    assert [(p.name, round(p.incident_end_s / 60)) for p in replay().phases[1:]] == [
        ("surge", 3),
        ("blind", 118),
        ("dns-moved", 305),
        ("shed", 364),
        ("relief", 412),
        ("restore", 430),
        ("tails", 700),
    ]
    assert replay().end_s - replay().start_s <= 290


def test_every_injection_names_where_it_comes_from() -> None:
    assert [one.id for one in replay().injections if not one.source] == []


def test_every_injection_meets_traffic() -> None:
    plan = replay()
    busy = callers_at_work(plan.stack)
    for one in plan.injections:
        edges = [plan.stack.edge(edge) for edge in one.edges]
        assert edges and all(edge.caller in busy or edge.entry for edge in edges), one.id
        assert one.end_s - one.start_s >= 2, one.id


def test_no_fault_touches_a_dependent_or_an_entry() -> None:
    plan = replay()
    roles = {service.name: service.role for service in plan.stack.services}
    for one in plan.injections:
        if one.fault.kind == "flags":
            assert all(roles[service] != "dependent" for service in one.services)
        else:
            assert all(roles[plan.stack.edge(edge).callee] != "dependent" for edge in one.edges)


def test_a_share_of_connections_only_meets_calls_that_open_one_each_time() -> None:
    plan = replay()
    texts = {name: str(one.get("environment", {})) for name, one in YAML(typ="safe").load(COMPOSE)["services"].items()}
    for one in plan.injections:
        if one.fault.share < 1:
            for edge in (plan.stack.edge(edge) for edge in one.edges):
                calls = re.findall(rf"http://{edge.callee}:{edge.port}/[^|;\\]*", texts[edge.caller])
                pooled = [call for call in calls if not re.search(r"\bnew\b", call)]
                assert not pooled or edge.caller == "gateway-pool", f"{edge.id}: {pooled}"


def test_every_point_but_the_second_has_an_effect_that_needs_an_injection() -> None:
    points = {check.point for check in replay().signature}
    effects = {check.point for check in replay().signature if check.role is Role.EFFECT and check.needs}
    assert points == {2, 3, 4, 5, 7, 8, 9}
    assert points - effects == {2}


def test_a_longer_second_phase_moves_everything_after_it_and_nothing_before(tmp_path: Path) -> None:
    def later(match: re.Match[str]) -> str:
        minute = int(match[1])
        return f"until: {minute + 60 if minute >= 118 else minute}m"

    copy = tmp_path / "longer.chaos.yaml"
    copy.write_text(re.sub(r"until: (\d+)m", later, REPLAY.read_text()))
    longer = {one.id: one.end_s for one in loaded(copy, COMPOSE).injections}
    moved = {one.id: longer[one.id] - one.end_s for one in replay().injections}
    extra = 60 * 60 / replay().phase("blind").compression
    assert {name for name, by in moved.items() if by == pytest.approx(0)} == {"bridge-surge", "status-posts"}
    assert all(by == pytest.approx(extra, abs=1e-3) for by in moved.values() if by)


@pytest.mark.parametrize(("key", "value"), [("air-switch.POSTURE", "EAST"), ("video-multi.EAST_SHARE", "0.4")])
def test_a_strategy_is_changed_from_the_command_line(key: str, value: str) -> None:
    service, _, name = key.partition(".")
    plan = loaded(REPLAY, COMPOSE, f"stack.environment.{key}={value}")
    assert dict(dict(plan.environment)[service])[name] == value


def test_lifetimes_are_handed_out_on_the_incident_clock() -> None:
    given = {service: dict(values) for service, values in replay().environment}
    assert given["last-mile"]["KEYS_TTL"] == "24s"
    assert given["air-switch"]["CHECK_EVERY"] == "400ms"


def test_a_copy_with_every_service_and_region_renamed_is_the_same_replay(tmp_path: Path) -> None:
    names = [service.name for service in replay().stack.services] + ["us-east-1", "us-west-2", "elsewhere"]
    pattern = re.compile(rf"(?<![\w-])({'|'.join(sorted(map(re.escape, names), key=len, reverse=True))})(?![\w-])")
    compose, copy = tmp_path / "compose.yaml", tmp_path / "copy.chaos.yaml"
    compose.write_text(pattern.sub(r"x-\1", COMPOSE.read_text()))
    copy.write_text(pattern.sub(r"x-\1", REPLAY.read_text()))
    stack = stack_of(compose)
    assert {service.name for service in stack.services} == {f"x-{name}" for name in names[:-3]}
    assert len(stack.edges) == len(replay().stack.edges)
