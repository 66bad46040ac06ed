"""`do`: a step of the timeline, carried out at one moment."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from harness.spec.document.load import OkDoc
from harness.spec.document.types import Duration, Name, Part, listed, short


class DoDoc(Part):
    """A step instead of a fault: exactly one of http, exec and host."""

    http: str | None = Field(None, description="METHOD service:port/path.", examples=["POST web:8080/admin/failover"])
    body: Any = Field(None, alias="json", description="http: body, sent as JSON.", examples=[{"to": "us-west-2"}])
    ok: OkDoc = Field(
        default_factory=lambda: OkDoc.model_validate({"status": "2xx"}),
        description="http: which answers mean that it worked. Default: 2xx.",
    )
    exec: Name | None = Field(None, description="Service in whose container `run` is run.", examples=["db"])
    run: Annotated[tuple[str, ...], short(listed)] = Field(
        (), description="exec: the command as a list of words; no shell reads them.", examples=[["pg_ctl", "promote"]]
    )
    host: Annotated[tuple[str, ...], short(listed)] | None = Field(
        None,
        description="A command on this machine, as a list of words, in this file's folder. Only with"
        " --allow-host-commands.",
        examples=[["./failover.sh", "us-west-2"]],
    )
    deadline: Duration = Field(10.0, description="How long it may take, wall time. Default 10s.")
