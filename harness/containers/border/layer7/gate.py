"""HAProxy's configuration for the `http` edges of one caller. Pure.

It must not heal what we break, nor break what we leave alone: no retry, no other server, no connection shared or kept
beyond its caller's, no time limit within any run, and no answer of its own: where it would have to say 502, its caller
sees the connection close, as it would without it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.containers.border.config import EdgeConfig, Endpoint
from harness.containers.border.cuts import PART_PORT
from harness.containers.border.ruleset import RESET_MARK

SCRIPT = Path(__file__).with_name("faults.lua")
_OWN_ANSWERS = (400, 401, 403, 404, 405, 407, 408, 410, 413, 421, 422, 425, 429, 500, 501, 502, 503, 504)
"""Statuses that HAProxy can answer by itself: all of them become a closed connection."""

_LIMIT = "20d"


@dataclass(frozen=True, slots=True)
class Behind:
    """Where the Toxiproxy of an edge listens when HAProxy stands in front: loopback addresses, one an edge.

    Their ports lie below the range that the kernel takes source ports from, so nothing else can hold them.
    """

    plain: Endpoint
    part: Endpoint
    cut: Endpoint


def behind(number: int) -> Behind:
    """The addresses behind edge number `number` of its border."""
    address = f"127.64.{number >> 8}.{number & 255}"
    return Behind((address, 8001), (address, 8002), (address, 8003))


def haproxy_config(edges: Mapping[int, EdgeConfig], socket: Path) -> str:
    """The whole file for these edges (number in the border -> edge) of one caller."""
    return "\n".join([_HEAD.format(socket=socket, script=SCRIPT, limit=_LIMIT), *_errors(), *_edges(edges), ""])


def frontend(number: int) -> str:
    """The name of an edge in HAProxy."""
    return f"edge_{number}"


def _errors() -> Iterable[str]:
    return [f"  errorfile {status} /dev/null" for status in _OWN_ANSWERS]


def _edges(edges: Mapping[int, EdgeConfig]) -> Iterable[str]:
    for number, edge in edges.items():
        part = _at((edge.listen, PART_PORT + number))
        yield _FRONT.format(name=frontend(number), at=_at(edge.at), part=part, mark=hex(RESET_MARK))
        there = behind(number)
        for kind, at in (("plain", there.plain), ("part", there.part), ("cut", there.cut)):
            yield _BACK.format(name=f"{frontend(number)}_{kind}", at=_at(at), more=_CUT if kind == "cut" else "")


def _at(at: Endpoint) -> str:
    return f"{at[0]}:{at[1]}"


_HEAD = """global
  nbthread 1
  fd-hard-limit 20000
  stats socket {socket} mode 600 level admin
  tune.bufsize 65536
  tune.maxrewrite 4096
  tune.http.maxhdr 1000
  tune.lua.session-timeout {limit}
  lua-load {script}
defaults
  mode http
  backlog 4096
  timeout connect {limit}
  timeout client {limit}
  timeout server {limit}
  timeout tunnel {limit}
  timeout http-request {limit}
  timeout http-keep-alive {limit}
  retries 0
  no option redispatch
  http-reuse never
  option abortonclose
  option http-no-delay
  option accept-invalid-http-request
  option accept-invalid-http-response"""

_FRONT = """frontend {name}
  bind {at} id 1
  bind {part} id 2
  http-request lua.befall
  http-request set-mark {mark} if {{ var(txn.befalls) -m str reset }}
  http-request reject if {{ var(txn.befalls) -m str reset }} || {{ var(txn.befalls) -m str close }}
  use_backend {name}_cut_h2 if {{ var(txn.befalls) -m str cut }} {{ fc_http_major 2 }}
  use_backend {name}_cut if {{ var(txn.befalls) -m str cut }}
  use_backend {name}_part_h2 if {{ so_id 2 }} {{ fc_http_major 2 }}
  use_backend {name}_part if {{ so_id 2 }}
  use_backend {name}_plain_h2 if {{ fc_http_major 2 }}
  default_backend {name}_plain"""

_BACK = """backend {name}{more}
  server callee {at}
backend {name}_h2{more}
  server callee {at} proto h2"""

_CUT = """
  option http-server-close"""
