"""Public DNS answers: names to the names of services, never to addresses. Asked on 8080, changed on 8081."""

from __future__ import annotations

from aiohttp import web

from mock.server import serve
from mock.settings import env, pairs


async def main() -> None:
    """The service: RECORDS holds what is known from the start."""
    records = pairs(env("RECORDS"))

    async def answer(request: web.Request) -> web.Response:
        found = records.get(request.match_info["name"])
        return web.Response(status=404, text="NXDOMAIN") if found is None else web.Response(text=found)

    async def change(request: web.Request) -> web.Response:
        records[request.match_info["name"]] = await request.text()
        return web.Response(text="ok")

    asked, changed = web.Application(), web.Application()
    asked.router.add_get("/answer/{name}", answer)
    changed.router.add_put("/record/{name}", change)
    await serve({8080: asked, 8081: changed})
