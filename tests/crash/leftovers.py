"""What a run may leave behind: asked of the borders, the guests and the engine themselves, against a clean start."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

_COUNTING = ("sent", "back", "blocked", "blocked_other", "once", "udp_sent", "udp_back")
"""Sets that count or remember, and change nothing by themselves."""

INSIDE = (
    f"COUNTING = {_COUNTING!r}"
    + r"""
import glob, json, socket, subprocess, urllib.request
def asked(path, command):
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(2); line.connect(path); line.sendall(command + b"\n")
        return b"".join(iter(lambda: line.recv(65536), b"")).decode().split("\n")
def words(pid):
    try: return open(f"/proc/{pid}/cmdline").read().split("\0")
    except OSError: return []
found = {"elements": {}, "toxics": {}, "rules": {}, "processes": []}
listed = json.loads(subprocess.run(["nft", "-j", "list", "ruleset"], capture_output=True, text=True).stdout)["nftables"]
for item in listed:
    for kind in ("set", "map"):
        body = item.get(kind)
        if body and body["table"] == "regionfall" and body["name"] not in COUNTING:
            found["elements"][body["name"]] = sorted(json.dumps(e, sort_keys=True) for e in body.get("elem", []))
for pid in sorted(int(path.split("/")[2]) for path in glob.glob("/proc/[0-9]*")):
    line = words(pid)
    if "-config" in line and any("toxiproxy" in word for word in line):
        port = line[line.index("-port") + 1]
        try: proxies = json.load(urllib.request.urlopen(f"http://127.0.0.1:{port}/proxies", timeout=2))
        except (OSError, ValueError) as error: proxies = {"?": {"toxics": [str(error)]}}
        for name, proxy in proxies.items():
            found["toxics"][f"{port}/{name}"] = proxy["toxics"]
    elif "harness.containers.relay" in line:
        found["processes"].append("relay")
for path in glob.glob("/run/regionfall/haproxy-*.sock"):
    try: rows = [row.split() for row in asked(path, b"regionfall show") if " " in row]
    except OSError as error: rows = [["?", str(error)]]
    found["rules"][path] = sorted(" ".join(row[:2]) for row in rows if row[1] != "-")
print(json.dumps(found))
"""
)
"""Runs inside a border: elements of its sets (counting ones aside), toxics of every proxy, rules of every HAProxy,
control connections."""

UNLIMITED = 0x7FFF_FFFF_FFFF_F000
"""What kernels say of memory without a limit."""

Snapshot = dict[str, Any]


def inside(border: Any) -> Snapshot:
    """What holds in one border now; a border that does not run is a leftover of its own."""
    done = border.exec_run(["python3", "-S", "-c", INSIDE])
    if done.exit_code != 0:
        return {"broken": done.output.decode(errors="replace").strip()[-200:]}
    answer: Snapshot = json.loads(done.output)
    return answer


def border_leftovers(region: str, clean: Snapshot, now: Snapshot) -> list[str]:
    """Differences to a clean border. A second listener stays for good, as long as no toxic is on it."""
    if "broken" in now:
        return [f"proxy of {region} does not answer: {now['broken']}"]
    found = [
        f"nft {region} {name}: {elements}"
        for name, elements in now["elements"].items()
        if elements != clean["elements"].get(name, [])
    ]
    found += [
        f"toxic {region} {name}: {toxics}"
        for name, toxics in now["toxics"].items()
        if toxics != clean["toxics"].get(name, [])
    ]
    found += [f"HAProxy {region} {name}: {rules}" for name, rules in now["rules"].items() if rules]
    missing = clean["toxics"].keys() - now["toxics"].keys()
    found += [f"proxy {region} {name} is missing" for name in sorted(missing) if not name.endswith(".part")]
    return found + [f"process {region}: {name}" for name in now["processes"]]


def container_state(seen: Mapping[str, Any]) -> Snapshot:
    """What container faults change, out of the engine's `inspect`."""
    limits = ("Memory", "MemorySwap", "NanoCpus", "CpuQuota", "CpuShares", "PidsLimit", "CpusetCpus")
    return {
        "running": seen["State"]["Running"],
        "paused": seen["State"]["Paused"],
        # The engine says 0, nothing or -1 where there is no limit; an update can take one away only with -1.
        "limits": {name: value for name in limits if limited(value := seen["HostConfig"].get(name))},
        "mounts": sorted(mount["Destination"] for mount in seen["Mounts"]),
        "networks": sorted(seen["NetworkSettings"]["Networks"]),
    }


def limited(value: object) -> bool:
    """Whether the engine's figure is a limit: it can take one away only by raising it to the kernel's most."""
    return value not in (None, 0, -1, "") and not (isinstance(value, int) and value >= UNLIMITED)


def container_leftovers(clean: Mapping[str, Snapshot], now: Mapping[str, Snapshot]) -> list[str]:
    """Containers that are too many, missing, or not as they were; keys are names."""
    found = [f"stray container {name}" for name in sorted(now.keys() - clean.keys())]
    found += [f"container {name} is gone" for name in sorted(clean.keys() - now.keys())]
    for name in sorted(now.keys() & clean.keys()):
        before, after = clean[name], now[name]
        found += [f"container {name}: {key} is {after[key]}" for key in before if after[key] != before[key]]
    return found


ASK = r"""
import http.client, json, socket, sys
def datagram(host, port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.settimeout(2)
        try: line.connect((host, port)); line.send(b"there?"); return line.recv(100).decode()
        except OSError as error: return type(error).__name__
for host, port, udp in json.loads(sys.argv[1]):
    if udp:
        said = datagram(host, port)
        if said != "here": print(f"{host}:{port}/udp answers {said}")
        continue
    line = http.client.HTTPConnection(host, port, timeout=2)
    try:
        line.request("GET", "/leaf"); answer = line.getresponse(); answer.read(); said = answer.status
    except (OSError, http.client.HTTPException) as error: said = type(error).__name__
    if said != 200: print(f"{host}:{port} answers {said}")
"""


def silent_edges(caller: Any, callees: Iterable[tuple[str, int, bool]]) -> list[str]:
    """Requests (datagrams where the third is true) over every edge of one caller; those that are not answered."""
    done = caller.exec_run(["python3", "-S", "-c", ASK, json.dumps(list(callees))])
    said = done.output.decode(errors="replace").strip()
    if done.exit_code != 0:
        return [f"nothing can be asked from {caller.name}: {said[-200:]}"]
    return [f"edge {caller.name} -> {line}" for line in said.splitlines()]
