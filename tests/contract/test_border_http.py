"""What a caller sees with HAProxy in front of an edge: the same as without it, and the faults on single requests."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
from border_bench import Shop, eventually, shop
from http_callee import H2, RAW

from harness.model.effect import Cut, Effect
from harness.model.errors import ClusterError
from harness.model.request_fault import Answer, RequestFault

PLAIN, HTTP = "orders", "desk"
"""The same callee, reached without HAProxy and with it."""
EDGE = "web->desk:8080"


@pytest.fixture(scope="module")
def world() -> Iterator[Shop]:
    with shop(http=True) as made:
        made.start()
        with made.talk(RAW, made.orders) as raw:
            made.raw = raw
            assert raw.line() == "up"
            eventually(lambda: made.dial(HTTP)[0] == "connected")
            eventually(lambda: made.run(f"print(json.dumps(dial({made.at['raw']!r}, 8081)[1]))") == "connected")
            yield made


@pytest.fixture
def stack(world: Shop) -> Iterator[Shop]:
    yield world
    answer = world.control_east.want({}, {}, 5)
    assert answer["holds"] == {} and answer["missing"] == {}
    told = [event for _, event in world.events if event["event"] == "disturbance"]
    assert not [event for event in told if "replaced" in event["what"]]


def hold(stack: Shop, *faults: RequestFault, **effects: Effect) -> None:
    """Holds request faults on the edge with HAProxy, or effects by service, and checks that they were read back."""
    wanted = {f"it-{n}": (30.0, {EDGE: Effect(requests=fault)}) for n, fault in enumerate(faults)}
    wanted |= {name: (30.0, {f"web->{name}:8080": effect}) for name, effect in effects.items()}
    assert stack.control_east.want(wanted, {}, 30)["missing"] == {}
    assert stack.control_east.renew(30)["holds"] == list(wanted)


NEW = """
import http.client
def once(host, path, limit):
    begun = time.monotonic()
    try:
        c = http.client.HTTPConnection(host, 8080, timeout=limit); c.request("GET", path); a = c.getresponse(); a.read()
        return [str(a.status), time.monotonic() - begun]
    except (OSError, http.client.HTTPException) as error: return [type(error).__name__, time.monotonic() - begun]
"""

FAULTS = {
    "none": (Effect(), "/", 0.0, 0.4),
    "an answer of its own": (Effect(), "/status/503", 0.0, 0.4),
    "a slow callee": (Effect(), "/slow/200", 0.2, 0.6),
    "a large answer": (Effect(), "/bytes/3000000", 0.0, 0.6),
    "slow": (Effect(latency_ms=200), "/", 0.2, 0.6),
    "bandwidth": (Effect(rate_kbps=500), "/bytes/300000", 0.4, 1.6),
    "hang": (Effect(cut=Cut.DROP), "/", 2.0, 2.6),
    "refuse": (Effect(cut=Cut.RESET), "/", 0.0, 0.4),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_new_connection_sees_the_same_with_haproxy_and_without(stack: Shop, name: str) -> None:
    effect, path, least, most = FAULTS[name]
    hold(stack, **{PLAIN: effect, HTTP: effect})
    hosts = [stack.at[PLAIN], stack.at[HTTP]]
    plain, http = stack.run(NEW + f"print(json.dumps([once(host, {path!r}, 2.0) for host in {hosts}]))")
    assert plain[0] == http[0]
    for _, took in (plain, http):
        assert least <= took < most


LIVE = """
import http.client
lines = []
for host in {hosts}:
    c = http.client.HTTPConnection(host, 8080, timeout=1.5); lines.append(c)
    c.request("GET", "/"); c.getresponse().read()
print("open", flush=True)
while sys.stdin.readline():
    seen = []
    for c in lines:
        begun = time.monotonic()
        try:
            c.request("GET", {path!r}); a = c.getresponse(); a.read(); result = str(a.status)
        except (OSError, http.client.HTTPException) as error: result = type(error).__name__
        seen.append([result, time.monotonic() - begun])
    print(json.dumps(seen), flush=True)
"""


@pytest.mark.parametrize("name", [name for name in FAULTS if name != "bandwidth"])
def test_a_live_connection_sees_the_same_with_haproxy_and_without(stack: Shop, name: str) -> None:
    effect, path, least, _ = FAULTS[name]
    with stack.talk(LIVE.format(hosts=[stack.at[PLAIN], stack.at[HTTP]], path=path)) as talk:
        assert talk.line() == "open"
        hold(stack, **{PLAIN: effect, HTTP: effect})
        talk.say("go")
        plain, http = talk.answer()
    assert plain[0] == http[0]
    for _, took in (plain, http):
        assert min(least, 1.5) <= took < max(0.4, least + 1.2)


@pytest.mark.parametrize(("cut", "error"), [(Cut.DROP, "TimeoutError"), (Cut.RESET, "ConnectionRefusedError")])
def test_shares_of_new_connections_are_exact_with_haproxy_too(stack: Shop, cut: Cut, error: str) -> None:
    hold(stack, desk=Effect(cut=cut, share=0.3))
    code = f"found = [dial({stack.at[HTTP]!r}, 8080, 0.1)[1] for _ in range(20)]"
    seen = stack.run(code + "\nprint(json.dumps({name: found.count(name) for name in set(found)}))")
    assert seen == {error: 6, "connected": 14}


def test_a_slow_share_of_connections_reaches_the_callee_through_haproxy(stack: Shop) -> None:
    hold(stack, desk=Effect(latency_ms=300, share=0.5))
    code = NEW + f"print(json.dumps([once({stack.at[HTTP]!r}, '/', 2) for _ in range(10)]))"
    seen = stack.run(code)
    assert [status for status, _ in seen] == ["200"] * 10
    assert sum(took >= 0.3 for _, took in seen) == 5


KEPT = """
import http.client
seen = []
c = http.client.HTTPConnection({host!r}, 8080, timeout=3); dialled = 0
for path in {paths}:
    if c.sock is None: dialled += 1
    begun = time.monotonic()
    try:
        c.request({method!r}, path, headers={headers}); a = c.getresponse(); body = a.read()
        seen.append([str(a.status), time.monotonic() - begun, body.decode()[:20], dict(a.getheaders())])
    except (OSError, http.client.HTTPException) as error:
        seen.append([type(error).__name__, time.monotonic() - begun, "", {{}}]); c.close()
print(json.dumps([dialled, seen]))
"""


def kept(
    stack: Shop, *paths: str, method: str = "GET", headers: dict[str, str] | None = None
) -> tuple[int, list[list[Any]]]:
    """Connections dialled, and what each request saw: one connection as long as it lives."""
    code = KEPT.format(host=stack.at[HTTP], paths=list(paths), method=method, headers=headers or {})
    dialled, seen = stack.run(code)
    return dialled, seen


def names(seen: list[list[Any]]) -> list[str]:
    return [row[0] for row in seen]


def test_an_exact_share_of_requests_on_one_kept_connection_gets_the_status(stack: Shop) -> None:
    hold(stack, RequestFault(Answer.STATUS, 0.3, status=503))
    dialled, seen = kept(stack, *["/"] * 100)
    assert dialled == 1
    assert names(seen).count("503") == 30 and names(seen).count("200") == 70
    assert all(names(seen)[start : start + 10].count("503") == 3 for start in range(0, 100, 10)), "spread evenly"


@pytest.mark.parametrize("status", [400, 404, 418, 429, 499, 500, 502, 504, 599])
def test_any_status_is_answered_with_its_body_and_headers(stack: Shop, status: int) -> None:
    more = (("Retry-After", "7"), ("Content-Type", "application/json"))
    hold(stack, RequestFault(Answer.STATUS, status=status, body='{"sorry": "ü"}', headers=more))
    dialled, seen = kept(stack, "/", "/")
    assert dialled == 1 and names(seen) == [str(status)] * 2
    _, _, body, headers = seen[0]
    assert body == '{"sorry": "ü"}'
    assert headers["retry-after"] == "7" and headers["content-type"] == "application/json"


def test_requests_are_delayed_one_by_one_on_a_kept_connection(stack: Shop) -> None:
    hold(stack, RequestFault(share=0.5, delay_ms=300))
    dialled, seen = kept(stack, *["/"] * 6)
    assert dialled == 1 and names(seen) == ["200"] * 6
    assert [row[1] >= 0.3 for row in seen] == [False, True] * 3


@pytest.mark.parametrize(
    ("answer", "error"), [(Answer.CLOSE, "RemoteDisconnected"), (Answer.RESET, "ConnectionResetError")]
)
def test_an_aborted_request_gets_no_answer_and_the_next_one_a_new_connection(
    stack: Shop, answer: Answer, error: str
) -> None:
    hold(stack, RequestFault(answer, 0.25))
    dialled, seen = kept(stack, *["/"] * 8)
    assert names(seen) == ["200", "200", "200", error] * 2
    assert dialled == 2
    assert max(row[1] for row in seen) < 0.5


def test_an_answer_is_cut_after_so_many_bytes_and_the_rest_is_whole(stack: Shop) -> None:
    hold(stack, RequestFault(Answer.CUT, 0.5, after_bytes=400))
    _, seen = kept(stack, *["/bytes/5000"] * 4)
    assert names(seen) == ["200", "IncompleteRead"] * 2
    raw = f"""
s, _, _ = dial({stack.at[HTTP]!r}, 8080); got = b""
for _ in range(2):
    s.sendall(b"GET /bytes/5000 HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
    while len(got) < 5050 and (more := s.recv(65536)): got += more
    whole, got = got, b""
print(json.dumps(len(whole)))
"""
    assert 380 <= stack.run(raw) <= 420, "HAProxy writes header names in lower case, and nothing more or less"


def test_an_answer_shorter_than_the_cut_arrives_whole(stack: Shop) -> None:
    hold(stack, RequestFault(Answer.CUT, after_bytes=1000))
    dialled, seen = kept(stack, "/", "/", "/", "/", "/", "/", "/", "/", "/", "/")
    assert names(seen) == ["200"] * 10 and dialled == 1


def test_answers_that_were_cut_are_counted_in_the_second_in_which_they_arrived(stack: Shop) -> None:
    hold(stack, RequestFault(Answer.CUT, after_bytes=400))
    time.sleep(3.3)  # what other tests cut is told by then
    stack.control_east.stats()
    kept(stack, *["/bytes/5000"] * 4)
    found: list[int] = []

    def counted() -> bool:
        rows = stack.control_east.stats()["seconds"]
        found.extend(row["cut_short"] for row in rows if row["edge"] == EDGE)
        return sum(found) >= 4

    eventually(counted, 6)
    assert sum(found) == 4


def test_method_path_and_header_choose_among_requests(stack: Shop) -> None:
    hold(
        stack,
        RequestFault(Answer.STATUS, status=405, method="DELETE"),
        RequestFault(Answer.STATUS, status=451, path="/status/2"),
        RequestFault(Answer.STATUS, status=420, header=("X-Tenant", "blue")),
        RequestFault(Answer.STATUS, status=421, header=("x-any", "")),
    )
    assert names(kept(stack, "/", "/status/204", "/status/304")[1]) == ["200", "451", "304"]
    assert names(kept(stack, "/", method="DELETE")[1]) == ["405"]
    tenants = [{"x-tenant": "blue"}, {"X-Tenant": "red"}, {"X-Any": "thing"}]
    assert [names(kept(stack, "/", headers=headers)[1])[0] for headers in tenants] == ["420", "200", "421"]


def test_several_faults_count_for_themselves_and_the_first_answer_wins(stack: Shop) -> None:
    hold(
        stack,
        RequestFault(share=0.5, delay_ms=200),
        RequestFault(Answer.STATUS, 0.5, status=503),
        RequestFault(Answer.STATUS, 0.25, status=404),
    )
    _, seen = kept(stack, *["/"] * 8)
    assert names(seen) == ["200", "503"] * 4, "every fourth is a 404 that the 503 came before"
    assert [row[1] >= 0.2 for row in seen] == [False, True] * 4


def test_a_rate_that_changes_live_leaves_the_connection_and_the_other_count_alone(stack: Shop) -> None:
    with stack.talk(LIVE.format(hosts=[stack.at[HTTP]], path="/")) as talk:
        assert talk.line() == "open"
        seen = []
        for share in (1.0, 0.5, 0.0):
            hold(stack, *([RequestFault(Answer.STATUS, share, status=503)] if share else []))
            for _ in range(4):
                talk.say("go")
                seen.append(talk.answer()[0][0])
    assert seen == ["503"] * 4 + ["200", "503"] * 2 + ["200"] * 4


def test_an_edge_without_haproxy_refuses_a_fault_on_requests_by_name(stack: Shop) -> None:
    fault = {"web->orders:8080": Effect(requests=RequestFault(Answer.STATUS, status=503))}
    with pytest.raises(ClusterError, match="web->orders:8080.*has no HAProxy"):
        stack.control_east.want({"it": (9.0, fault)}, {}, 5)


def ask_raw(stack: Shop, request: bytes, limit: float = 3.0, more: str = "pass") -> Any:
    """What one hand-written request to the raw callee gets back."""
    code = f"""
s, _, _ = dial({stack.at["raw"]!r}, 8081, {limit}); s.sendall({request!r}); begun = time.monotonic(); got = b""
try:
    {more}
    while data := s.recv(65536): got += data
    ended = "closed"
except OSError as error: ended = type(error).__name__
print(json.dumps([got.decode("latin1"), ended, time.monotonic() - begun]))
"""
    return stack.run(code)


@pytest.mark.parametrize("path", ["/eof", "/rst"])
def test_a_callee_that_hangs_up_without_an_answer_is_not_covered_by_an_answer_of_haproxy(
    stack: Shop, path: str
) -> None:
    got, ended, took = ask_raw(stack, f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    assert (got, ended) == ("", "closed")
    assert took < 0.5, "and it was not tried again"


def test_the_callee_sees_the_request_as_it_was_sent(stack: Shop) -> None:
    head = b"GET /seen?x=%20y&z HTTP/1.1\r\nhost: orders:8081\r\nx-odd: a, b\r\ncookie: c=1\r\nx-odd: c\r\nx-long: "
    head += b"v" * 30_000 + b"\r\n\r\n"
    got, _, _ = ask_raw(stack, head)
    assert got.partition("\r\n\r\n")[2] == head.decode()


def test_a_caller_that_gives_up_is_seen_by_its_callee_at_once(stack: Shop) -> None:
    _, ended, _ = ask_raw(stack, b"GET /patience HTTP/1.1\r\nHost: x\r\n\r\n", limit=0.4)
    assert ended == "TimeoutError"
    said = stack.raw.line()
    assert said.startswith("left after") and float(said.split()[-1]) < 1.5


def test_a_websocket_passes_untouched_and_its_handshake_is_a_request(stack: Shop) -> None:
    ask = b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    ask += b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    more = """
    while b"\\r\\n\\r\\n" not in got and (more := s.recv(4096)): got += more
    s.sendall(b"\\x81\\x00abc"); got += s.recv(4096); time.sleep(1.2)
    s.sendall(b"later"); got += s.recv(4096); s.shutdown(1)
    """
    got, _, _ = ask_raw(stack, ask, more=more.strip())
    assert got.startswith("HTTP/1.1 101 ") and got.endswith("cba\x00\x81retal")


def test_http2_and_grpc_trailers_pass_on_an_http_edge(stack: Shop) -> None:
    got = bytes.fromhex(stack.run(H2.format(host=stack.at["raw"], port=8081)))
    assert b"hello" in got and b"grpc-status" in got


def test_something_that_is_not_http_is_closed_and_told_never_broken_silently(stack: Shop) -> None:
    got, ended, _ = ask_raw(stack, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 this is no HTTP \r\n\r\n")
    assert (got, ended) == ("", "closed")

    def told() -> bool:
        return any(
            "is not HTTP" in e["what"] and e["edge"] == "web->raw:8081"
            for e in stack.control_east.status()["disturbances"]
        )

    eventually(told, 6)
