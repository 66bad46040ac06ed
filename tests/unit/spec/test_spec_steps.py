"""Steps of the timeline: what people write after `do:`."""

from __future__ import annotations

import pytest

from harness.model.step import StepKind

HEAD = """\
version: 1
load: {flows: {web: {}}}
timeline:
  - {phase: gone, for: 30s, faults: [{on: web->idp, hang: true}]}
  - {phase: after, for: 30s}
"""


def item(do: str, at: str = "at: 35s, ") -> str:
    return HEAD + f"  - {{phase: switch, {at}do: {{{do}}}}}\n"


def test_an_http_call_becomes_a_step_at_its_moment(load) -> None:
    plan = load(item('http: "POST web:8080/admin/failover", json: {to: west}, deadline: 5s'))
    (step,) = plan.steps
    assert (step.name, step.kind, step.at_s, step.deadline_s, step.phase) == (
        "switch",
        StepKind.HTTP,
        35.0,
        5.0,
        "after",
    )
    assert (step.method, step.service, step.port, step.path, step.body) == (
        "POST", "web", 8080, "/admin/failover", '{"to": "west"}',
    )  # fmt: skip
    assert 204 in step.ok_status and 300 not in step.ok_status
    assert [phase.name for phase in plan.phases] == ["steady", "gone", "after"]


def test_a_command_in_a_container_is_a_list_of_words(load) -> None:
    (step,) = load(item('exec: db, run: ["pg_ctl", "promote"]')).steps
    assert (step.kind, step.service, step.run, step.deadline_s) == (StepKind.EXEC, "db", ("pg_ctl", "promote"), 10.0)
    assert step.words == "pg_ctl promote in db"


def test_a_command_on_this_machine_is_refused_unless_the_command_line_allows_it(load, problems) -> None:
    text = item('host: ["./failover.sh", "west"]')
    assert any("--allow-host-commands" in line and line.startswith("6:") for line in problems(text))
    (step,) = load(text, allow_host_commands=True).steps
    assert step.kind is StepKind.HOST and step.run == ("./failover.sh", "west") and step.directory


def test_steps_stay_in_the_control_arm(load) -> None:
    plan = load(item('http: "POST web:8080/admin/failover"'), without_faults=True)
    assert plan.injections == () and len(plan.steps) == 1


def test_incident_time_becomes_wall_time(load) -> None:
    text = item("exec: db, run: [x]", "at: 40m, ").replace("30s", "30m") + "clock: {default: 60x}\n"
    (step,) = load(text).steps
    assert step.at_s == 40.0


@pytest.mark.parametrize(
    ("do", "said"),
    [
        ("deadline: 1s", "no step; write one of http"),
        ('http: "POST web:8080/x", exec: db, run: [x]', "http and exec in one step"),
        ('http: "POST web/x"', "is not METHOD service:port/path"),
        ('http: "POST web:99999/x"', "is not METHOD service:port/path"),
        ('http: "PUSH web:8080/x"', "unknown method 'PUSH'"),
        ('http: "GET web:8080/x", json: {a: 1}', "a GET has no body"),
        ('http: "GET wbe:8080/x"', "unknown service 'wbe'; did you mean 'web'?"),
        ('http: "GET web:8080/x", run: [x]', "'run' belongs to exec"),
        ("exec: dbb, run: [x]", "unknown service 'dbb'; did you mean 'db'?"),
        ("exec: db", "no command; write run: [program, argument]"),
        ("exec: db, run: [x], ok: {status: 200}", "'ok' belongs to http"),
        ("exec: db, run: [x], deadline: 1h", "write 100ms to 10m"),
        ("exec: db, run: [x], deadline: 40s", "only 25 s of the run are left"),
        ("exec: db, run: [x], comand: y", "unknown key 'comand'"),
    ],
)
def test_a_wrong_step_is_refused_at_its_place(problems, do: str, said: str) -> None:
    found = [line for line in problems(item(do)) if said in line]
    assert found and found[0].startswith("6:"), problems(item(do))


@pytest.mark.parametrize(
    ("at", "said"),
    [
        ("", "does not say when"),
        ("at: 60s, ", "outside the timeline, which ends at 1 m"),
        ("at: 35s, for: 5s, ", "no 'for'"),
        ("at: 35s, faults: [{on: idp, hang: true}], ", "a step breaks nothing"),
    ],
)
def test_a_step_is_a_moment(problems, at: str, said: str) -> None:
    text = item("exec: db, run: [x]", at)
    assert any(said in line for line in problems(text)), problems(text)


def test_a_step_is_no_phase_for_objectives_and_its_name_is_its_own(problems) -> None:
    text = item("exec: db, run: [x]") + 'expect: {web: {availability: ">= 1%", phases: [switch]}}\n'
    assert any("unknown phase 'switch'" in line for line in problems(text))
    assert any("is there twice" in line for line in problems(item("exec: db, run: [x]").replace("switch", "gone")))
