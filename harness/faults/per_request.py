"""What all faults on single requests share: which requests, and how many of them."""

from __future__ import annotations

import re
from dataclasses import replace

from harness.faults.contract import Asked, ParameterError, plain
from harness.faults.parameters import Parameter, Unit
from harness.model.effect import Effect
from harness.model.fault import Fault
from harness.model.request_fault import RequestFault
from harness.model.units import ratio_text

CHOOSING = (
    Parameter(
        "rate",
        Unit.SHARE,
        "how many of the requests it strikes, counted one by one",
        default=1.0,
        low=0.0,
        high=1.0,
        example="30%",
    ),
    Parameter("method", Unit.TEXT, "only requests with this method", default="", example="POST"),
    Parameter("path", Unit.TEXT, "only requests whose path begins so", default="", example="/api"),
    Parameter(
        "header", Unit.TEXT, "only requests with this header, or this value of it", default="", example="X-Tenant: blue"
    ),
)
"""Parameters that every fault on single requests takes."""

DRIVER = "HAProxy in front of the proxy, from the start of the stack on; rules changed live, request by request"
UNDO = "the proxy container, at the end of the command, of its lease, of its time; HAProxy forgets it 4 s later at most"
CANNOT = (
    "act on an edge that is not marked http (`orders:8080/http` in regionfall.calls; entries are), look into TLS; "
    "an abort on an HTTP/2 connection takes all that is under way on it"
)

_METHOD = re.compile(r"[A-Za-z]{1,32}")
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_LONGEST = 1000


def build(asked: Asked) -> Fault:
    """Checks what chooses requests, and makes the fault."""
    values = asked.values
    if values["rate"] <= 0:
        raise ParameterError("rate", "a rate of 0 strikes nothing; write more than 0%")
    if values["method"] and not _METHOD.fullmatch(values["method"]):
        raise ParameterError("method", f"{values['method'][:40]!r} is not a method; write GET, POST, …")
    if values["path"] and (not values["path"].startswith("/") or len(values["path"]) > _LONGEST):
        raise ParameterError("path", f"{values['path'][:40]!r} is not the beginning of a path; write /api")
    if values["header"]:
        header_of(values["header"], "header")
    return plain(asked)


def header_of(text: str, parameter: str) -> tuple[str, str]:
    """`X-Tenant: blue` -> its name and value ('' without one); ParameterError at `parameter`."""
    name, _, value = (part.strip() for part in text.partition(":"))
    if not _TOKEN.fullmatch(name) or len(value) > _LONGEST or any(ord(sign) < 32 for sign in value):
        raise ParameterError(parameter, f"{text[:40]!r} is not a header; write X-Tenant: blue")
    return name, value


def struck(fault: Fault, what: RequestFault) -> Effect:
    """`what` on those requests that the fault chooses."""
    header = fault.text("header")
    chosen = replace(
        what,
        share=fault.number("rate", 1.0),
        method=fault.text("method").upper(),
        path=fault.text("path"),
        header=header_of(header, "header") if header else ("", ""),
    )
    return Effect(requests=chosen)


def chooses(fault: Fault) -> bool:
    """Whether how many requests it strikes depends on what the guest asks for."""
    return any(fault.text(name) for name in ("method", "path", "header"))


def which(fault: Fault) -> str:
    """`30 % of POST requests to /api…`: which requests, in words."""
    rate, method, path = fault.number("rate", 1.0), fault.text("method").upper(), fault.text("path")
    words = f"{ratio_text(rate)} of " if rate < 1 else "all "
    words += f"{method} requests" if method else "requests"
    words += f" to {path}…" if path else ""
    return words + (f" with {fault.text('header')}" if fault.text("header") else "")
