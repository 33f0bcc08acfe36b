"""Who is at the page: the signed cookie of a shopper who agreed to be remembered, and the download of what is known of her."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import JSONResponse
from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from pydantic import BaseModel

from assistant.exporting import export
from assistant.identity import new_shopper_id
from assistant.memory import Memory

COOKIE = "daogou_shopper"
_A_YEAR = 365 * 24 * 3600
_AGREEMENTS = parse("20/minute")
"""Of one address: each may make a new row."""


class Agreement(BaseModel):
    """What a shopper agrees to by pressing "remember me"."""

    training: bool = False


def shopper_at(cookies: Mapping[str, str], memory: Memory) -> str:
    """The id of the shopper who is at the page; empty for a guest, and for an id that is unknown, erased or forged."""
    shopper_id = memory.identity.known(cookies.get(COOKIE, ""))
    found = memory.shoppers.get(shopper_id) if shopper_id else None
    return found.id if found is not None and found.memory else ""


def memory_routes(memory: Memory) -> APIRouter:
    """`POST /memory/remember` and `GET /memory/export`."""
    routes, limiter = APIRouter(prefix="/memory"), MovingWindowRateLimiter(MemoryStorage())

    @routes.post("/remember")
    def remember(agreement: Agreement, request: Request) -> Response:
        address = request.client.host if request.client else ""
        if not limiter.hit(_AGREEMENTS, address):
            raise HTTPException(429, "too many at once", headers={"Retry-After": "60"})
        shopper_id = shopper_at(request.cookies, memory) or new_shopper_id()
        memory.shoppers.consent(shopper_id, memory=True, training=agreement.training)
        reply = Response(status_code=204)
        reply.set_cookie(
            COOKIE, memory.identity.sign(shopper_id), max_age=_A_YEAR, httponly=True, samesite="lax",
            secure=request.url.scheme == "https",
        )
        return reply

    @routes.get("/export")
    def exported(request: Request) -> Response:
        shopper_id = shopper_at(request.cookies, memory)
        found = export(memory.engine, shopper_id) if shopper_id else None
        if found is None:
            raise HTTPException(404, "Not Found")
        headers = {"Content-Disposition": 'attachment; filename="daogou.json"', "Cache-Control": "no-store"}
        return JSONResponse(found, headers=headers)

    return routes
