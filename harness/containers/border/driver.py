"""`toxiproxy-python` as the driver of many servers at once.

The library knows one server for the whole process, has no timeout and lets answers of 500 pass. Its transport is one
name in two of its modules; here that name gets a transport with a server per call, a kept connection, a deadline,
and an error for every answer that is not a success. Everything above the transport is the library's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from http.client import HTTPException
from typing import Any

import toxiproxy.exceptions
import toxiproxy.proxy
import toxiproxy.server
from toxiproxy.api import validate_response

from harness.containers.border.transport import Answer, Transport

CALL_TIMEOUT_S = 2.0
"""Deadline of one call; whoever misses it is wedged and gets replaced (`server.py`)."""

Toxics = dict[str, dict[str, Any]]
"""Toxic name -> attributes."""

_transport: ContextVar[Transport] = ContextVar("transport")


class ProxyApiError(Exception):
    """A Toxiproxy did not answer in time, or answered with an error."""


class _Consumer:
    """Takes the place of the library's `APIConsumer`."""

    def get(self, url: str, params: None = None) -> Answer:
        return self._call("GET", url)

    def post(self, url: str, data: None = None, json: Any = None) -> Answer:
        return self._call("POST", url, json)

    def delete(self, url: str) -> Answer:
        return self._call("DELETE", url)

    def _call(self, method: str, url: str, body: Any = None) -> Answer:
        answer = _transport.get().call(method, url, body)
        validate_response(answer)
        if not answer.ok:
            raise ProxyApiError(f"{method} {url} answered {answer.status_code}: {answer.text[:200]}")
        return answer


_consumer = _Consumer()
toxiproxy.server.APIConsumer = toxiproxy.proxy.APIConsumer = _consumer


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
        """Changes one proxy's toxics from `present` to `wanted`; a toxic that stays is updated, never taken away."""
        proxy = toxiproxy.Proxy(name=name, upstream="", listen="", enabled=True)
        with self._server():
            for toxic in present.keys() - wanted.keys():
                proxy.destroy_toxic(toxic)
            for toxic, attributes in wanted.items():
                if toxic not in present:
                    kind, _, stream = toxic.rpartition("_")
                    proxy.add_toxic(name=toxic, type=kind, stream=stream, toxicity=1.0, attributes=attributes)
                elif present[toxic] != attributes:
                    _consumer.post(f"/proxies/{name}/toxics/{toxic}", json={"attributes": attributes})

    @contextmanager
    def _server(self) -> Iterator[None]:
        mark = _transport.set(self._transport)
        try:
            yield
        except ProxyApiError:
            raise
        except (OSError, HTTPException, ValueError, *_LIBRARY_ERRORS) as error:
            raise ProxyApiError(f"{type(error).__name__}: {error}") from error
        finally:
            _transport.reset(mark)


_LIBRARY_ERRORS = (
    toxiproxy.exceptions.ProxyExists,
    toxiproxy.exceptions.NotFound,
    toxiproxy.exceptions.InvalidToxic,
)
