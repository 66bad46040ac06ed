"""What the packet filter and the proxies are told, without either."""

from __future__ import annotations

import json
import struct
from itertools import pairwise
from pathlib import Path

import pytest

from harness.containers.border.blocked import blocked_rows
from harness.containers.border.config import Config, parse_config
from harness.containers.border.cuts import Cuts, Share, share_rules
from harness.containers.border.desired import Desired, Owner, Wanted, WantError
from harness.containers.border.filter import HEADERS, QUESTION, program
from harness.containers.border.guard import waiting_listeners
from harness.containers.border.holding import WHOLE, cut_in, cuts_of, same
from harness.containers.border.names.question import asked_name
from harness.containers.border.ruleset import boot_rules, spread
from harness.containers.border.toxics import shape_of, wanted_toxics
from harness.model.effect import Cut, EdgeState, Effect, Way
from harness.model.shape import Ending, Shape

BORDER = """{"border": "east",
 "cells": [{"name": "web", "gateway": "198.18.0.1", "address": "198.18.0.2", "prefix": 29}],
 "backbone": {"address": "198.18.255.2", "prefix": 24},
 "edges": [{"id": "web->orders:8080", "caller": "web", "callee": "orders", "listen": "198.19.0.1", "port": 8080,
            "upstream": "198.18.0.3:8080", "standing_ms": 0},
           {"id": "load->web:80", "caller": "load", "callee": "web", "listen": "198.19.0.2", "port": 80,
            "upstream": "198.19.128.9:80", "standing_ms": 65}],
 "forwards": [{"id": "x->y:81", "callee": "y", "far": "198.19.128.1", "port": 81, "to": "198.18.0.4:82"}],
 "routes": [{"to": "198.19.128.9", "via": "198.18.255.3"}],
 "published": [{"port": 8080, "listen": 20000, "to": "198.18.0.3:8080", "service": "web"}],
 "front": {"address": "198.18.254.3", "prefix": 24},
 "flags": [{"service": "web", "url": "http://198.18.0.3:8080/__faults"}],
 "names": {"198.18.0.3": "web"}}"""


@pytest.fixture
def config() -> Config:
    return parse_config(BORDER)


def test_a_configuration_is_read_whole(config: Config) -> None:
    assert config.callers == ("web", "load")
    assert [link.name for link in config.links] == ["web", "backbone", "front"]
    assert config.near("198.18.0.4") and not config.near("198.19.128.9")
    assert config.edges[0].proxy == "orders.8080", "a slash or an arrow in a proxy's name cannot be addressed"
    assert config.edges[1].upstream == ("198.19.128.9", 80)


def test_parts_that_a_border_lacks_may_be_null() -> None:
    lone = parse_config('{"border": "b", "cells": [], "backbone": null, "front": null}')
    assert lone.links == () and lone.callers == ()
    assert "chain arrive" in boot_rules(lone, {})


def test_every_callee_starts_out_as_down(config: Config) -> None:
    rules = boot_rules(config, {"front": "eth7"})
    down = next(line for line in rules.splitlines() if line.strip().startswith("set down"))
    assert all(key in down for key in ("198.19.0.1 . 8080", "198.19.0.2 . 80", "198.19.128.1 . 81"))


def test_a_crossing_is_led_to_its_guest_and_a_published_port_too(config: Config) -> None:
    rules = boot_rules(config, {"front": "eth7"})
    assert "ip daddr 198.19.128.1 tcp dport 81 dnat to 198.18.0.4:82" in rules
    assert 'iifname "eth7" tcp dport 20000 dnat to 198.18.0.3:8080' in rules
    assert "table ip nat" not in rules, "Docker's embedded DNS lives there"


@pytest.mark.parametrize(("share", "modulus", "taken"), [(0.35, 100, 35), (0.01, 100, 1), (0.675, 1000, 675)])
def test_a_share_is_taken_exactly_and_spread_out(share: float, modulus: int, taken: int) -> None:
    of, residues = spread(share)
    assert (of, len(residues), len(set(residues))) == (modulus, taken, taken)
    gaps = [after - before for before, after in pairwise(residues)]
    assert not gaps or max(gaps) - min(gaps) <= 1


def test_a_whole_share_takes_everything() -> None:
    assert spread(1.0) == (100, list(range(100)))


def test_a_dropped_connection_is_remembered_before_it_is_counted_again() -> None:
    rules = share_rules(("198.19.0.1", 8080), 7, Share(drop=0.35, reset=0.2, slow=0.5))
    assert [rule.split()[0] for rule in rules] == ["part_7", "part_7", "part_7", "slow_7"]
    assert rules[0].endswith("@once drop")
    assert "update @once" in rules[1] and rules[1].endswith("drop")
    assert rules[2].endswith("reject with tcp reset")
    assert rules[3].endswith("dnat to 198.19.0.1:30007")


def test_no_cuts_are_no_elements() -> None:
    assert not Cuts()
    assert Cuts(hung=frozenset({("198.19.0.1", 80)}))


def test_states_become_cuts_by_edge(config: Config) -> None:
    edges = {edge.id: edge for edge in config.edges}
    states = {
        "web->orders:8080": EdgeState(cut=Cut.DROP),
        "load->web:80": EdgeState(Shape(latency_ms=100), slow_share=0.5, reset_share=0.1, standing_ms=65),
    }
    cuts = cuts_of(states, edges)
    assert cuts.hung == {("198.19.0.1", 8080)} and not cuts.refused
    assert cuts.shares == {("198.19.0.2", 80): Share(reset=0.1, slow=0.5)}


def test_delay_goes_from_client_to_server_and_adds_to_the_distance() -> None:
    plain, part = wanted_toxics(
        EdgeState(Shape(latency_ms=100, jitter_ms=5, rate_kbps=20, back_rate_kbps=20), standing_ms=65)
    )
    assert plain == {
        "latency_upstream": {"latency": 165, "jitter": 5},
        "bandwidth_upstream": {"rate": 20},
        "bandwidth_downstream": {"rate": 20},
    }
    assert part is None
    assert shape_of(plain, 65) == Shape(latency_ms=100, jitter_ms=5, rate_kbps=20, back_rate_kbps=20)


SHAPES = [
    Shape(),
    Shape(latency_ms=5, jitter_ms=2, back_latency_ms=7, back_jitter_ms=1, rate_kbps=3, back_rate_kbps=4),
    Shape(slice_bytes=100, slice_vary=10, gap_us=500, back_rate_kbps=9),
    *(Shape(latency_ms=1, ending=ending, amount=7) for ending in Ending if ending),
    Shape(ending=Ending.TIMEOUT, amount=0),
]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("standing_ms", [0, 65])
def test_every_shape_is_read_back_from_its_toxics(shape: Shape, standing_ms: int) -> None:
    plain, part = wanted_toxics(EdgeState(shape, standing_ms=standing_ms))
    assert part is None
    assert shape_of(plain, standing_ms) == shape


@pytest.mark.parametrize("ending", [ending for ending in Ending if ending])
def test_an_ending_is_alone_in_the_direction_of_answers(ending: Ending) -> None:
    plain, _ = wanted_toxics(EdgeState(Shape(latency_ms=10, rate_kbps=5, ending=ending, amount=7), standing_ms=65))
    assert [name for name in plain if name.endswith("_downstream")] == [f"{ending}_downstream"]


@pytest.mark.parametrize("cut", [*WHOLE.values(), (Cut.NONE, Way.BOTH)])
def test_the_cut_of_a_whole_edge_is_one_set_and_is_read_back_from_it(config: Config, cut: tuple[Cut, Way]) -> None:
    edges = {edge.id: edge for edge in config.edges}
    cuts = cuts_of({"web->orders:8080": EdgeState(cut=cut[0], cut_way=cut[1])}, edges)
    names = {name for name, keys in cuts.elements().items() if keys}
    assert len(names) == (cut[0] is not Cut.NONE)
    assert cut_in(names) == cut


def test_a_slow_share_leaves_only_the_distance_on_the_others() -> None:
    plain, part = wanted_toxics(EdgeState(Shape(latency_ms=100), slow_share=0.3, standing_ms=65))
    assert plain == {"latency_upstream": {"latency": 65, "jitter": 0}}
    assert part == {"latency_upstream": {"latency": 165, "jitter": 0}}


def test_a_delay_of_nothing_asks_for_nothing() -> None:
    assert wanted_toxics(EdgeState(slow_share=0.5)) == ({}, None)


def test_a_toxic_that_is_missing_or_not_ours_is_never_what_was_wanted() -> None:
    assert shape_of({}, 65) == Shape(latency_ms=-65)
    assert shape_of({"slicer_upstream": {}}, 0) is None
    assert shape_of({"bandwidth": {"rate": 5}}, 0) is None
    assert shape_of({"slicer_downstream": {"average_size": 0, "size_variation": 0, "delay": 0}}, 0) is None
    two = {"timeout_downstream": {"timeout": 5}, "limit_data_downstream": {"bytes": 5}}
    assert shape_of(two, 0) is None


def test_an_edge_that_could_not_be_read_does_not_hold() -> None:
    assert not same(EdgeState(), None)
    assert same(EdgeState(slow_share=0.5), EdgeState()), "a share of no slowness is no slowness"
    assert not same(EdgeState(Shape(latency_ms=1)), EdgeState())


def test_undeclared_calls_are_listed_by_name_and_look_ups_by_what_they_asked() -> None:
    ports = {
        ("198.18.0.3", "198.18.0.4", "tcp", 5432): (3, 180),
        ("198.18.0.3", "8.8.8.8", "udp", 53): (9, 500),
        ("198.18.0.3", "9.9.9.9", 17, 123): (1, 70),
    }
    asked = {("198.18.0.3", "8.8.8.8", "api.example.com"): 9}
    rows = blocked_rows(
        ports, {("198.18.0.3", "1.1.1.1", 1): (2, 168)}, asked, {"198.18.0.3": "web", "198.18.0.4": "db"}
    )
    assert [(row["proto"], row["port"], row["name"], row["n"]) for row in rows] == [
        ("dns", 53, "api.example.com", 9),
        ("tcp", 5432, "db", 3),
        ("icmp", 0, "", 2),
        ("udp", 123, "", 1),
    ]
    assert {row["caller"] for row in rows} == {"web"}


def question(*labels: bytes) -> bytes:
    return b"\x12\x34\x01\0\0\1\0\0\0\0\0\0" + b"".join(bytes([len(label)]) + label for label in labels) + b"\0\0\1\0\1"


def test_the_name_of_a_dns_question_is_read() -> None:
    assert asked_name(question(b"API", b"example", b"com")) == "api.example.com"


@pytest.mark.parametrize("message", [b"", b"x" * 11, question(b"a" * 40)[:30], b"\0\0\x81\0\0\1" + b"\0" * 12])
def test_what_is_no_question_has_no_name(message: bytes) -> None:
    assert asked_name(message) == "?"


def test_listeners_with_waiting_connections_are_found(tmp_path: Path) -> None:
    table = tmp_path / "tcp"
    table.write_text(
        "  sl  local_address rem_address   st tx_queue rx_queue\n"
        "   0: 010013C6:1F90 00000000:0000 0A 00000000:00000002 00:00000000 00000000\n"
        "   1: 020013C6:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000\n"
        "   2: 010013C6:1F90 030012C6:9C40 01 00000000:00000005 00:00000000 00000000\n"
    )
    assert waiting_listeners(str(table)) == {("198.19.0.1", 8080)}


def run_filter(packet: bytes) -> int:
    """The kernel's machine, as far as our program uses it."""
    accumulator = index = at = 0
    code = program()
    while True:
        op, yes, no, value = code[at]
        at += 1
        if op == 0x06:
            return value
        if op in (0x30, 0x28, 0x20, 0x50, 0x48):
            size = {0x10: 1, 0x08: 2, 0x00: 4}[op & 0x18]
            start = value + (index if op & 0x40 else 0)
            accumulator = int.from_bytes(packet[start : start + size], "big")
        elif op == 0xB1:
            index = (packet[value] & 15) * 4
        elif op == 0x07:
            index = accumulator
        elif op == 0x54:
            accumulator &= value
        elif op == 0x74:
            accumulator >>= value
        elif op == 0x0C:
            accumulator += index
        elif op == 0x1C:
            accumulator -= index
        else:
            at += yes if (accumulator == value if op == 0x15 else accumulator & value) else no


def packet(to: str, flags: int, data: int, *, protocol: int = 6, port: int = 8080, options: int = 0) -> bytes:
    header = struct.pack("!BBHHHBBH", 0x45, 0, 40 + options + data, 0, 0, 64, protocol, 0)
    addresses = bytes([198, 18, 0, 3]) + bytes(map(int, to.split(".")))
    return header + addresses + struct.pack("!HHIIBB", 40000, port, 1, 1, (20 + options) << 2, flags) + bytes(66)


@pytest.mark.parametrize(
    ("seen", "captured"),
    [
        (packet("198.19.0.1", 0x02, 0), HEADERS),
        (packet("198.19.127.255", 0x10, 5, options=12), HEADERS),
        (packet("198.19.0.1", 0x10, 0, options=12), 0),
        (packet("198.19.128.1", 0x10, 5), 0),
        (packet("198.18.0.9", 0x02, 0), 0),
        (packet("198.18.0.9", 0x14, 0), HEADERS),
        (packet("8.8.8.8", 0, 0, protocol=17, port=53), QUESTION),
        (packet("8.8.8.8", 0, 0, protocol=17, port=123), 0),
        (packet("198.19.0.1", 0, 0, protocol=1), 0),
    ],
    ids=["dial", "data", "bare-ack", "far-data", "not-an-edge", "reset", "dns", "ntp", "icmp"],
)
def test_the_kernel_hands_over_only_what_is_needed(seen: bytes, captured: int) -> None:
    assert run_filter(seen) == captured


def test_datagrams_are_led_on_by_the_kernel_and_met_in_sets_of_their_own() -> None:
    edge = {"id": "web->dns:53/udp", "caller": "web", "callee": "dns", "listen": "198.19.0.1", "port": 53,
            "upstream": "198.18.0.9:53"}  # fmt: skip
    forward = {"id": "x->y:9/udp", "callee": "y", "far": "198.19.128.1", "port": 9, "to": "198.18.0.4:9"}
    config = parse_config(json.dumps({"border": "east", "datagrams": [edge], "datagram_forwards": [forward]}))
    rules = boot_rules(config, {})
    assert "ip daddr 198.19.0.1 udp dport 53 dnat to 198.18.0.9:53" in rules
    assert "ip daddr 198.19.128.1 udp dport 9 dnat to 198.18.0.4:9" in rules
    assert config.callers == () and config.edges == (), "no proxy is started for it"


@pytest.mark.parametrize(
    ("effect", "good"),
    [
        (Effect(cut=Cut.DROP), True),
        (Effect(cut=Cut.RESET), True),
        (Effect(cut=Cut.DROP, way=Way.RESPONSE), True),
        (Effect(cut=Cut.DROP, share=0.5), False),
        (Effect(latency_ms=5), False),
        (Effect(cut=Cut.RESET, kill_ms=-1), False),
        (Effect(), True),
    ],
)
def test_a_datagram_edge_takes_cuts_of_the_whole_edge_only(effect: Effect, good: bool) -> None:
    desired = Desired({"a->b:9/udp": 0}, [], datagrams=["a->b:9/udp"])
    owner = Owner("run", 10.0, {"it": Wanted("it", 10.0, edges={"a->b:9/udp": effect})})
    if good:
        desired.want(1, owner)
        assert desired.states()["a->b:9/udp"].cut is effect.cut
    else:
        with pytest.raises(WantError, match="can only be cut as a whole"):
            desired.want(1, owner)
