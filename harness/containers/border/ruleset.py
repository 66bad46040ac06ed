"""The border's packet rules as one text, applied in one transaction. Pure.

Everything is decided in *prerouting*, before any address is rewritten, so that the key of an edge is always the
address and port that the caller dialled; answers are met again in *postrouting*, after they were rewritten back.

    arrive ── a cell's name server: accept · a dead address: drop, or reset
           ├─ edge ─── hung or deaf? drop · refused? reset · callee down? reset · share? part_N · count · accept
           ├─ across ─ callee down? reset · accept                       (from another border)
           └─ undeclared ─ count, reject                                  (nothing goes around a fault)
    leave ─── hung or mute? drop · refused? drop · count
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from harness.containers.border.config import Config, Endpoint
from harness.containers.border.names.book import REFUSING, SILENT
from harness.containers.border.nft import TABLE

EDGE_ADDRESSES = "198.19.0.0/17"
"""Edge addresses: local to the border by a route, so that one process can listen on all of them."""

RESET_MARK = 0x5246
"""HAProxy's mark on connections that are to be reset: it can only close in order, so the FIN is made a reset here."""

UDP = "udp_"
"""Sets of UDP edges have the names of those of TCP edges, with this in front: a pair may use one port for both."""

_SETS = f"""
  set {UDP}hung {{ type ipv4_addr . inet_service; flags timeout; }}
  set {UDP}refused {{ type ipv4_addr . inet_service; flags timeout; }}
  set {UDP}deaf {{ type ipv4_addr . inet_service; flags timeout; }}
  set {UDP}mute {{ type ipv4_addr . inet_service; flags timeout; }}
  set {UDP}down {{ type ipv4_addr . inet_service; }}
  set {UDP}sent {{ type ipv4_addr . inet_service; size 65535; flags dynamic; counter; }}
  set {UDP}back {{ type ipv4_addr . inet_service; size 65535; flags dynamic; counter; }}
  set hung {{ type ipv4_addr . inet_service; flags timeout; }}
  set refused {{ type ipv4_addr . inet_service; flags timeout; }}
  set deaf {{ type ipv4_addr . inet_service; flags timeout; }}
  set mute {{ type ipv4_addr . inet_service; flags timeout; }}
  set once {{ typeof ip saddr . tcp sport . tcp sequence; size 65535; flags dynamic,timeout; timeout 1m; }}
  set sent {{ type ipv4_addr . inet_service; size 65535; flags dynamic; counter; }}
  set back {{ type ipv4_addr . inet_service; size 65535; flags dynamic; counter; }}
  set blocked {{ type ipv4_addr . ipv4_addr . inet_proto . inet_service; size 65535; flags dynamic; counter; }}
  set blocked_other {{ type ipv4_addr . ipv4_addr . inet_proto; size 65535; flags dynamic; counter; }}
  map share_of {{ type ipv4_addr . inet_service : verdict; flags timeout; }}
  map slow_of {{ type ipv4_addr . inet_service : verdict; flags timeout; }}
  chain edge {{
    ip daddr . tcp dport @hung drop
    ip daddr . tcp dport @deaf drop
    ip daddr . tcp dport @refused jump refuse
    ct state new ip daddr . tcp dport @down reject with tcp reset
    tcp flags & (syn | ack) == syn ip daddr . tcp dport vmap @share_of
    update @sent {{ ip daddr . tcp dport }}
    accept
  }}
  chain datagram {{
    update @{UDP}sent {{ ip daddr . udp dport }}
    ip daddr . udp dport @{UDP}hung drop
    ip daddr . udp dport @{UDP}deaf drop
    ip daddr . udp dport @{UDP}refused reject with icmp type port-unreachable
    ip daddr . udp dport @{UDP}down reject with icmp type port-unreachable
    accept
  }}
  chain datagram_across {{
    ip daddr . udp dport @{UDP}down reject with icmp type port-unreachable
    accept
  }}
  chain refuse {{
    tcp flags & rst == rst accept
    reject with tcp reset
  }}
  chain across {{
    ct state new ip daddr . tcp dport @down reject with tcp reset
    accept
  }}
  chain undeclared {{
    meta l4proto tcp tcp flags & (syn | ack) != syn accept
    meta l4proto {{ tcp, udp }} update @blocked {{ ip saddr . ip daddr . meta l4proto . th dport }}
    meta l4proto != {{ tcp, udp }} update @blocked_other {{ ip saddr . ip daddr . meta l4proto }}
    meta l4proto tcp reject with tcp reset
    reject with icmp type admin-prohibited
  }}
  chain closed {{
    meta l4proto tcp reject with tcp reset
    reject with icmp type port-unreachable
  }}
  chain leave {{ type filter hook postrouting priority 150; policy accept;
    ip saddr != {EDGE_ADDRESSES} accept
    ip saddr . udp sport @{UDP}hung drop
    ip saddr . udp sport @{UDP}mute drop
    ip saddr . udp sport @{UDP}refused drop
    meta l4proto udp update @{UDP}back {{ ip saddr . udp sport }}
    meta l4proto != tcp accept
    ip saddr . tcp sport @hung drop
    ip saddr . tcp sport @mute drop
    ip saddr . tcp sport @refused tcp flags & rst == 0 drop
    meta mark {RESET_MARK} tcp flags & fin == fin tcp flags set rst | ack
    tcp flags & rst == rst accept
    update @back {{ ip saddr . tcp sport }}
  }}
  chain through {{ type filter hook forward priority filter; policy drop;
    ct status dnat accept
    ct state established,related accept
  }}
  chain behind {{ type nat hook postrouting priority srcnat; policy accept;
    ct status dnat masquerade
  }}
"""


def boot_rules(config: Config, devices: dict[str, str]) -> str:
    """The whole table. `devices` names the interface of every link. All callees start out as down."""
    edges = [edge.at for edge in config.edges]
    crossings = [(forward.far, forward.port) for forward in config.forwards]
    return f"""table {TABLE}
delete table {TABLE}
table {TABLE} {{
{_filled("edges", "ipv4_addr . inet_service", map(pair, edges))}
{_filled("crossings", "ipv4_addr . inet_service", map(pair, crossings))}
{_filled("down", "ipv4_addr . inet_service", map(pair, edges + crossings))}
{_filled(f"{UDP}edges", "ipv4_addr . inet_service", (pair(edge.at) for edge in config.datagrams))}
{_filled(f"{UDP}crossings", "ipv4_addr . inet_service", (pair((f.far, f.port)) for f in config.datagram_forwards))}
{_filled("resolvers", "ipv4_addr", [cell.gateway for cell in config.cells if cell.gateway])}
{_SETS}
{_arrive(config, devices)}
{_rewrite(config, devices)}
}}
"""


def pair(at: Endpoint) -> str:
    """An address and a port as a key of a set."""
    return f"{at[0]} . {at[1]}"


def _filled(name: str, kind: str, elements: Iterable[str]) -> str:
    listed = ", ".join(dict.fromkeys(elements))
    return f"  set {name} {{ type {kind}; {f'elements = {{ {listed} }};' if listed else ''} }}"


def _arrive(config: Config, devices: dict[str, str]) -> str:
    """Guests may reach edges, other borders crossings, people published ports; the rest is refused and counted."""
    lines = [
        "  chain arrive { type filter hook prerouting priority mangle; policy accept;",
        '    iifname "lo" accept',
        "    meta l4proto tcp ip daddr . tcp dport @edges goto edge",
        "    meta l4proto tcp ip daddr . tcp dport @crossings goto across",
        f"    ip daddr . udp dport @{UDP}edges goto datagram",
        f"    ip daddr . udp dport @{UDP}crossings goto datagram_across",
        "    ip daddr @resolvers meta l4proto { tcp, udp } th dport 53 accept",
        f"    ip daddr {SILENT} drop",
        f"    ip daddr {REFUSING} goto closed",
        "    ct state established,related accept",
        "    fib daddr type { broadcast, multicast } drop",
    ]
    if config.front:
        ports = ", ".join(str(published.listen) for published in config.published)
        device = devices[config.front.name]
        lines += [f'    iifname "{device}" tcp dport {{ {ports} }} accept'] if ports else []
        lines += [f'    iifname "{device}" drop']
    return "\n".join([*lines, "    goto undeclared", "  }"])


def _rewrite(config: Config, devices: dict[str, str]) -> str:
    lines = [
        "  chain rewrite { type nat hook prerouting priority dstnat; policy accept;",
        "    meta l4proto tcp ip daddr . tcp dport vmap @slow_of",
    ]
    for forward in config.forwards:
        lines.append(f"    ip daddr {forward.far} tcp dport {forward.port} dnat to {_target(forward.to)}")
    for datagram in config.datagrams:
        lines.append(f"    ip daddr {datagram.listen} udp dport {datagram.port} dnat to {_target(datagram.upstream)}")
    for forward in config.datagram_forwards:
        lines.append(f"    ip daddr {forward.far} udp dport {forward.port} dnat to {_target(forward.to)}")
    if config.front:
        device = devices[config.front.name]
        for published in config.published:
            lines.append(f'    iifname "{device}" tcp dport {published.listen} dnat to {_target(published.to)}')
    return "\n".join([*lines, "  }"])


def _target(to: Endpoint) -> str:
    return f"{to[0]}:{to[1]}"


def spread(share: float) -> tuple[int, Sequence[int]]:
    """A share of new connections as a modulus and the residues to take, spread evenly: 0.25 -> (100, [3, 7, …]).

    Exact to a whole percent with modulus 100, to a tenth of a percent with 1000.
    """
    modulus = 100 if abs(share * 100 - round(share * 100)) < 1e-6 else 1000
    take = round(share * modulus)
    return modulus, [i for i in range(modulus) if (i + 1) * take // modulus > i * take // modulus]
