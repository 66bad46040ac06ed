"""The front of a dependent with two deployments: forwards each request to the deployment that its strategy names.

POSTURE: `EAST` the first deployment, always · `AA` both by a share · `AP-WARM` own checks, own switch ·
`AP-CTRL` own checks, but the switch is a change of the public name, made at the provider's interface.
"""

from __future__ import annotations

import asyncio

from aiohttp import web

from mock.calls import Caller
from mock.plans import Call
from mock.routing import Fixed, Shared, Watched
from mock.server import Background, serve
from mock.settings import env, env_seconds, pairs, share


def forwarder(chooser: Fixed, addresses: dict[str, str], caller: Caller, timeout_s: float) -> web.Application:
    """Every path goes to the chosen deployment; no answer is 504, a bad one is passed on."""

    async def forward(request: web.Request) -> web.Response:
        call = Call(addresses[chooser.choose()] + request.path_qs, request.method, timeout_s)
        answer = await caller.once(call, await request.read() or None)
        return web.Response(status=answer.status or 504, body=answer.body or answer.problem.encode())

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", forward)
    return app


class Checks:
    """Health checks of a watched front at its own period."""

    def __init__(self, chooser: Watched, addresses: dict[str, str], caller: Caller) -> None:
        self.chooser, self.addresses, self.caller = chooser, addresses, caller
        self.path, self.timeout_s, self.every_s = env("CHECK"), env_seconds("CHECK_TIMEOUT"), env_seconds("CHECK_EVERY")

    async def good(self, deployment: str) -> bool:
        """One check, through the whole request path of the deployment."""
        return (await self.caller.once(Call(self.addresses[deployment] + self.path, timeout_s=self.timeout_s))).good

    async def until_wanted(self) -> str:
        """Watch the active deployment until another one is wanted and itself answers a check."""
        while True:
            await asyncio.sleep(self.every_s)
            self.chooser.learn(await self.good(self.chooser.active))
            wanted = self.chooser.wants()
            if wanted and await self.good(wanted):
                return wanted


async def switch_by_itself(checks: Checks) -> None:
    """AP-WARM: the operator's own router, nobody else is needed."""
    while True:
        checks.chooser.move(await checks.until_wanted())


async def switch_by_name(checks: Checks) -> None:
    """AP-CTRL: ask the provider to change the name; try again at every check until it works."""
    change = Call(f"{env('CHANGES')}/record/{env('NAME')}", "PUT", env_seconds("CHANGE_TIMEOUT"))
    while True:
        await checks.caller.once(change, (await checks.until_wanted()).encode())


async def follow_name(chooser: Watched, caller: Caller) -> None:
    """Ask for the public name at its lifetime and go where it says; without an answer stay."""
    question, life_s = Call(f"{env('ANSWERS')}/answer/{env('NAME')}", timeout_s=1.0), env_seconds("NAME_TTL")
    while True:
        answer = await caller.once(question)
        if answer.good:
            chooser.move(answer.body.decode())
        await asyncio.sleep(life_s)


async def main() -> None:
    """The service: DEPLOYMENTS in order, POSTURE says how to choose."""
    addresses, caller, posture = pairs(env("DEPLOYMENTS")), Caller(), env("POSTURE")
    names = list(addresses)
    background: list[Background] = []
    chooser: Fixed
    if posture == "EAST":
        chooser = Fixed(names)
    elif posture == "AA":
        chooser = Shared(names, share(env("EAST_SHARE")))
    elif posture in ("AP-WARM", "AP-CTRL"):
        chooser = watched = Watched(names, int(env("CHECK_MISSES")))
        checks = Checks(watched, addresses, caller)
        background.append(switch_by_itself(checks) if posture == "AP-WARM" else switch_by_name(checks))
        if posture == "AP-CTRL":
            background.append(follow_name(watched, caller))
    else:
        raise SystemExit(f"POSTURE={posture!r} is not one of EAST, AA, AP-WARM, AP-CTRL")
    await serve({8080: forwarder(chooser, addresses, caller, env_seconds("FORWARD_TIMEOUT"))}, *background)
