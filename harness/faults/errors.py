"""errors: requests are answered with a status by the proxy; the callee never sees them."""

from __future__ import annotations

from harness.faults import per_request
from harness.faults.contract import Asked, Family, FaultType, ParameterError, Proof
from harness.faults.parameters import Parameter, Unit
from harness.model.effect import Effect
from harness.model.fault import Fault
from harness.model.request_fault import Answer, RequestFault

_MOST = 8000


def build(asked: Asked) -> Fault:
    """Checks headers and length as well."""
    text = asked.values["headers"]
    for line in text.splitlines():
        per_request.header_of(line, "headers")
    if len(text) + len(asked.values["body"]) > _MOST:
        raise ParameterError("body", f"body and headers of more than {_MOST} characters; write less")
    return per_request.build(asked)


def effect(fault: Fault, elapsed_s: float) -> Effect:
    """A status, with its body and headers."""
    headers = tuple(per_request.header_of(line, "headers") for line in fault.text("headers").splitlines())
    status = round(fault.number("status"))
    return per_request.struck(
        fault, RequestFault(Answer.STATUS, status=status, body=fault.text("body"), headers=headers)
    )


def words(fault: Fault) -> str:
    """`errors 503 for 30 % of requests`."""
    return f"errors {fault.number('status'):g} for {per_request.which(fault)}"


TYPE = FaultType(
    kind="errors",
    symptom="requests are answered with an error status",
    driver=per_request.DRIVER,
    undo=per_request.UNDO,
    parameters=(
        Parameter(
            "status",
            Unit.COUNT,
            "the HTTP status of the answer",
            default=503,
            low=400,
            high=599,
            short=True,
            example="503",
        ),
        *per_request.CHOOSING,
        Parameter("headers", Unit.TEXT, "headers of the answer, one a line", default="", example="Retry-After: 7"),
        Parameter("body", Unit.TEXT, "text of the answer", default=""),
    ),
    example='{on: "web->orders", errors: {status: 503, rate: 30%, headers: "Retry-After: 7"}}',
    proof="statuses of the answers on the wire, before against during",
    cannot=f"{per_request.CANNOT}; slow the answer as well (add a delay); put the distance of a far region before it",
    proved_by=Proof.STATUS,
    family=Family.ERRORS,
    build=build,
    effect=effect,
    per_request=True,
    words=words,
    phrase=lambda fault: f"answers {fault.number('status'):g} to {per_request.which(fault)}",
)
