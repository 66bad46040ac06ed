"""`toxiproxy-python` as the driver of many servers at once.

The library knows one server for the whole process, has no timeout and lets answers of 500 pass. Its transport is one
name in two of its modules; here that name gets a transport with a server per call, a kept connection, a deadline,
and an error for every answer that is not a success. Everything above the transport is the library's own, and so is the
transport of whoever uses the library beside us.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from http.client import HTTPException
from typing import Any, Protocol

import toxiproxy.exceptions
import toxiproxy.proxy
import toxiproxy.server
from toxiproxy.api import APIConsumer, validate_response

from harness.containers.border.spares import DELAY, SPARE, Step, is_slot, kind_of, steps
from harness.containers.border.transport import Answer, Transport

CALL_TIMEOUT_S = 2.0
"""Deadline of one call; whoever misses it is wedged and gets replaced (`server.py`)."""

Toxics = dict[str, dict[str, Any]]
"""Toxic name -> attributes."""


class Carries(Protocol):
    """Something that calls one Toxiproxy."""

    def call(self, method: str, path: str, body: Any = None) -> Answer:
        """One call; OSError or HTTPException without a whole answer in time."""


_transport: ContextVar[Carries | None] = ContextVar("transport", default=None)


class ProxyApiError(Exception):
    """A Toxiproxy did not answer in time, or answered with an error."""


class _Consumer:
    """Takes the place of the library's `APIConsumer`, and leaves to it whatever is not asked of a server of ours."""

    def get(self, url: str, params: Any = None, **more: Any) -> Any:
        return self._call("GET", url) if _transport.get() else APIConsumer.get(url, params, **more)

    def post(self, url: str, data: Any = None, json: Any = None, **more: Any) -> Any:
        return self._call("POST", url, json) if _transport.get() else APIConsumer.post(url, data, json, **more)

    def delete(self, url: str, **more: Any) -> Any:
        return self._call("DELETE", url) if _transport.get() else APIConsumer.delete(url, **more)

    def __getattr__(self, name: str) -> Any:
        return getattr(APIConsumer, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(APIConsumer, name, value)  # the library keeps host and port there

    def _call(self, method: str, url: str, body: Any = None) -> Answer:
        transport = _transport.get()
        assert transport is not None
        answer = transport.call(method, url, body)
        validate_response(answer)
        if not answer.ok:
            raise ProxyApiError(f"{method} {url} answered {answer.status_code}: {answer.text[:200]}")
        return answer


_consumer = _Consumer()
toxiproxy.server.APIConsumer = toxiproxy.proxy.APIConsumer = _consumer


@contextmanager
def through(transport: Carries) -> Iterator[None]:
    """Within, the library speaks to the server behind `transport`. What goes wrong is a ProxyApiError."""
    mark = _transport.set(transport)
    try:
        yield
    except ProxyApiError:
        raise
    except (OSError, HTTPException, ValueError, *_LIBRARY_ERRORS) as error:
        raise ProxyApiError(f"{type(error).__name__}: {error}") from error
    finally:
        _transport.reset(mark)


class Api:
    """One Toxiproxy server's API. One caller at a time."""

    def __init__(self, port: int) -> None:
        self._transport = Transport(port, CALL_TIMEOUT_S)

    def toxics(self) -> dict[str, Toxics]:
        """Proxy name -> its toxics, of the whole server in one call."""
        with self._server():
            listed = _consumer.get("/proxies").json()
        return {
            name: {toxic["name"]: toxic["attributes"] for toxic in proxy["toxics"]} for name, proxy in listed.items()
        }

    def version(self) -> str:
        """The server's version; ProxyApiError while it does not answer."""
        with self._server():
            return str(_consumer.get("/version").json()["version"])

    def create(self, name: str, listen: str, upstream: str) -> None:
        """A further proxy, listening at once."""
        with self._server():
            toxiproxy.Toxiproxy().create(name=name, listen=listen, upstream=upstream, enabled=True)

    def make_so(self, name: str, wanted: Toxics, present: Toxics) -> None:
        """Changes one proxy's toxics from `present` to `wanted`; one that stays is updated, never taken away."""
        others = {toxic for toxic in present if not is_slot(toxic)}
        with self._server():
            for toxic in others - wanted.keys():
                self._do(name, Step("remove", toxic, {}))
            for step in steps(wanted, present):
                self._do(name, step)
            for toxic, attributes in wanted.items():
                if toxic not in (DELAY, SPARE) and present.get(toxic) != attributes:
                    self._do(name, Step("set" if toxic in others else "add", toxic, attributes))

    def _do(self, name: str, step: Step) -> None:
        proxy = toxiproxy.Proxy(name=name, upstream="", listen="", enabled=True)
        if step.verb == "remove":
            proxy.destroy_toxic(step.toxic)
        elif step.verb == "set":
            _consumer.post(f"/proxies/{name}/toxics/{step.toxic}", json={"attributes": step.attributes})
        else:
            kind, stream = kind_of(step.toxic)
            proxy.add_toxic(name=step.toxic, type=kind, stream=stream, toxicity=1.0, attributes=dict(step.attributes))

    def enable(self, name: str) -> None:
        """A proxy listens, whatever somebody did to it."""
        with self._server():
            _consumer.post(f"/proxies/{name}", json={"enabled": True})

    def raw(self, method: str, path: str, body: Any) -> Answer:
        """One call as somebody else wrote it, with whatever the server says to it; ProxyApiError without an answer."""
        try:
            return self._transport.call(method, path, body)
        except (OSError, HTTPException) as error:
            raise ProxyApiError(f"{type(error).__name__}: {error}") from error

    def _server(self) -> AbstractContextManager[None]:
        return through(self._transport)


_LIBRARY_ERRORS = (
    toxiproxy.exceptions.ProxyExists,
    toxiproxy.exceptions.NotFound,
    toxiproxy.exceptions.InvalidToxic,
)
