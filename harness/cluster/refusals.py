"""What a Compose project may ask for that cannot be put behind proxies yet: refused by name, or said in a note.

Nothing is ignored: what would let traffic go around a fault, or break the promise that only our own containers are
touched, is refused; what is merely different in the rendered copy is a note.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_SOCKETS = ("/var/run/docker.sock", "/run/docker.sock", "/run/containerd/containerd.sock", "/run/podman/podman.sock")


@dataclass(frozen=True, slots=True)
class Refusal:
    """One thing in the way: the key's path in the Compose file, and the message with its next step."""

    path: tuple[str, ...]
    message: str


def refusals(config: Mapping[str, Any]) -> Iterator[Refusal]:
    """Everything in the merged project that cannot be rendered faithfully."""
    for name, service in config.get("services", {}).items():
        for key, message in (*_modes(service), *_scale(service), *_reach(service), *_foreign(service)):
            yield Refusal(("services", name, key), f"service {name!r}: {message}")
    for key in ("models",):
        if config.get(key):
            yield Refusal((key,), f"top-level {key!r} is not handled yet; leave it out with an override file")


def _modes(service: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    mode = service.get("network_mode")
    if mode:
        hint = "give it a network of the project (remove network_mode)"
        yield "network_mode", f"network_mode {mode!r} would go around every fault and is not handled; {hint}"
    for key in ("pid", "ipc", "cgroup"):
        value = str(service.get(key) or "")
        if value == "host" or value.startswith("container:"):
            yield key, f"{key} {value!r} reaches outside the project and is not handled; remove it"
    if service.get("uts") == "host":
        yield "uts", "uts 'host' reaches outside the project and is not handled; remove it"


def _scale(service: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    deploy = service.get("deploy") or {}
    for key, count in (("scale", service.get("scale")), ("deploy", deploy.get("replicas"))):
        if count is not None and int(count) < 1:
            yield key, f"{count} copies are none; leave the service out with a profile instead"
    if deploy.get("mode") not in (None, "replicated"):
        yield "deploy", f"deploy.mode {deploy['mode']!r} is not handled yet; remove it"


def _reach(service: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if service.get("privileged"):
        yield "privileged", "a privileged container can undo every fault; give it the cap_add that it needs instead"
    for mount in service.get("volumes", ()):
        if mount.get("type") == "bind" and mount.get("source") in _SOCKETS:
            yield "volumes", f"{mount['source']} lets the service steer the engine around every fault; remove the mount"
    if service.get("use_api_socket"):
        yield "use_api_socket", "use_api_socket lets the service steer the engine around every fault; remove it"


def _foreign(service: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for link in service.get("external_links", ()):
        yield "external_links", f"link to container {link!r} outside the project is not handled; make it a service"
    for source in service.get("volumes_from", ()):
        if str(source).startswith("container:"):
            yield "volumes_from", f"volumes_from {source!r} outside the project is not handled; make it a service"
    if service.get("provider"):
        yield "provider", "a service run by a provider has no container to put behind proxies; leave it out"


def changes(config: Mapping[str, Any]) -> Iterator[str]:
    """What is different in the rendered copy, one sentence each."""
    networks = config.get("networks") or {}
    for name, service in config.get("services", {}).items():
        for network, options in (service.get("networks") or {}).items():
            if (networks.get(network) or {}).get("external"):
                yield f"{name}: not on the external network {network!r}; what it reaches there is out of reach"
            for key in ("ipv4_address", "ipv6_address"):
                if (options or {}).get(key):
                    yield f"{name}: its fixed address {options[key]} on network {network!r} is replaced"
        if service.get("mac_address"):
            yield f"{name}: its fixed hardware address is dropped"
        if service.get("dns"):
            yield f"{name}: its own DNS servers ({', '.join(service['dns'])}) are replaced by ours"
        yield from _outside_hosts(name, service)
        yield from _mounts(name, service)
        for port in service.get("ports", ()):
            if port.get("protocol", "tcp") != "tcp":
                yield f"{name}: port {port['target']}/{port['protocol']} is not published (only TCP is)"


def _outside_hosts(name: str, service: Mapping[str, Any]) -> Iterator[str]:
    for host in extra_hosts(service):
        if host.endswith(("=host-gateway", ":host-gateway")):
            this = host.removesuffix("host-gateway")[:-1]
            yield f"{name}: {this!r} (this machine) is out of reach; calls are blocked and counted"


def _mounts(name: str, service: Mapping[str, Any]) -> Iterator[str]:
    for mount in service.get("volumes", ()):
        if mount.get("type") == "bind" and not mount.get("read_only"):
            yield f"{name}: writes to {mount.get('target')} reach your own {mount.get('source')} (bind mount)"


def extra_hosts(service: Mapping[str, Any]) -> list[str]:
    """The user's own `extra_hosts` as a list, whichever of its forms this Compose prints."""
    hosts = service.get("extra_hosts") or []
    if isinstance(hosts, Mapping):
        pairs = ((name, value) for name, values in hosts.items() for value in _listed(values))
        return [f"{name}={value}" for name, value in pairs]
    return [str(host) for host in hosts]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
