"""Faults on containers: which services they hit, where that must show, and what is refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness.cli.plan_text import plan_text
from harness.faults.catalogue import CATALOGUE, fault_words
from harness.faults.contract import ActsOn
from harness.model.act import Act, ContainerAct
from harness.model.plan import Plan
from harness.runner.desired import acts_at, desired
from harness.spec.feasibility import feasibility

Load = Callable[..., Plan]
Listing = Callable[..., list[str]]
KINDS = [kind for kind, entry in CATALOGUE.items() if entry.acts_on is ActsOn.SERVICES]


def file(*faults: str, hold: str = "20s") -> str:
    return f"version: 1\ntimeline:\n  - {{phase: gone, for: {hold}, faults: [{', '.join(faults)}]}}\n"


def test_every_act_of_the_helper_is_a_fault() -> None:
    assert sorted(KINDS) == sorted(Act)


def test_a_service_is_killed_and_it_must_show_on_the_edges_into_it(load: Load) -> None:
    (one,) = load(file("{on: db, kill: true}")).injections
    assert (one.services, one.edges) == (("db",), ("checkout->db:5432", "checkout->db:9187"))


def test_what_starves_a_service_may_show_on_its_own_calls_as_well(load: Load) -> None:
    (one,) = load(file("{on: db, memory: 16MB}")).injections
    assert one.edges == ("checkout->db:5432", "checkout->db:9187", "db->replica:5432")


def test_a_region_stands_for_its_services_and_never_for_the_load(load: Load) -> None:
    (one,) = load(file("{on: us-west-2, stop: true}")).injections
    assert one.services == ("replica", "static")


def test_a_share_of_services_is_drawn_from_the_seed_and_named(load: Load) -> None:
    text = file("{on: us-east-1, pause: true, share: 40%}")
    (one,), (again,) = load(text, seed=3).injections, load(text, seed=3).injections
    assert one.services == again.services and len(one.services) == 2
    assert one.fault.share == 1.0 and fault_words(one.fault) == "pause, on 2 of 5 services"
    told = plan_text(load(text, seed=3), feasibility(load(text, seed=3)))
    assert f"gone hits, drawn from seed 3: {', '.join(one.services)}" in told
    drawn = {load(text, seed=seed).injections[0].services for seed in range(12)}
    assert len(drawn) > 1
    assert set(one.edges) == {e.id for e in load(text).stack.edges if e.callee in one.services}


def test_proxies_are_told_nothing_of_it_and_the_helper_all(load: Load) -> None:
    plan = load(file("{id: loop, on: db, restart: 3s}", "{id: cut, on: idp, hang: true}"))
    assert acts_at(plan, 5.0) == {"loop": (15.5, {"db": ContainerAct(Act.RESTART, every_s=3.0)})}
    assert acts_at(plan, 5.0, {"loop"}) == {} and acts_at(plan, 20.0) == {}
    assert {name for want in desired(plan, 5.0).values() for name in want.injections} == {"cut"}


@pytest.mark.parametrize(
    ("fault", "problem"),
    [
        ("{on: checkout->db, kill: true}", "kill acts on services, 'checkout->db' names none of the project's"),
        ("{on: internet, stop: true}", "stop acts on services, 'internet' names none of the project's"),
        ("{on: db, disk: true}", "db has no size-limited volume that could be full"),
        ("{on: db, kill: true, share: 50%}", "50% of 1 services is all of them"),
        ("{on: db, kill: true, flap: 4s}", "kill does not act on edges, so it has no flap"),
        ("{on: db, cpu: 3}", "3 is not a share; write 3%"),
        ("{on: db, restart: 100ms}", "100 ms is out of bounds for every; write 1 s to 10 m"),
        ("{on: db, memory: 1MB}", "1 MB is out of bounds for limit; write 7 MB to 1000 GB"),
    ],
)
def test_what_cannot_be_is_refused(problems: Listing, fault: str, problem: str) -> None:
    assert any(problem in text for text in problems(file(fault))), problems(file(fault))


def test_one_container_takes_one_fault_at_a_time(problems: Listing, load: Load) -> None:
    found = problems(file("{id: a, on: db, kill: true}", "{id: b, on: us-east-1, cpu: 5%}"))
    assert any("'a' and 'b' would harm the container of db at once" in text for text in found)
    after = file("{id: a, on: db, kill: true, for: 8s}", "{id: b, on: db, pause: true, at: 8s}")
    assert [one.id for one in load(after).injections] == ["a", "b"]


def test_a_protected_service_is_not_harmed(problems: Listing) -> None:
    text = file("{on: us-east-1, kill: true}") + "limits: {protect: [mailer]}\n"
    assert any("selects the protected service 'mailer'" in one for one in problems(text))
