"""What stands in front of the pages: headers, foreign origins, oversized bodies, and doors of Gradio that no page needs."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
    # Gradio's page has inline scripts and compiles templates, so scripts can't be held tighter than to this server
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' https: http: data:; font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'self'; "
        "form-action 'self'; frame-ancestors 'self'"
    ),
}
_GRADIO = "/gradio_api/"
_GRADIO_DOORS = ("queue/", "run/predict", "heartbeat/", "startup-events", "app_id", "theme.css", "reset", "cancel")
"""What the chat page calls; uploads, files, proxies, components and named functions are closed."""
_SAFE = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Guard:
    """An ASGI application that lets through to `app` what a page of this server may ask."""

    app: ASGIApp
    max_body: int = 256 * 1024
    """Bytes of a request's body; a message has at most 4,000 characters."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if refusal is not None:
            await refusal(scope, receive, _with_headers(send))
            return
        await self.app(scope, receive, _with_headers(send))

    def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        headers, path = Headers(scope=scope), str(scope["path"])
        if foreign(headers) and (scope["method"] not in _SAFE or path.startswith(_GRADIO)):
            return PlainTextResponse("Requests from other sites are not taken.", 403)
        if path.startswith(_GRADIO) and not path.removeprefix(_GRADIO).startswith(_GRADIO_DOORS):
            return PlainTextResponse("Not found", 404)
        if scope["method"] not in _SAFE:
            length = headers.get("content-length", "")
            if "transfer-encoding" in headers or not length.isdigit():
                return PlainTextResponse("A Content-Length is needed.", 411)
            if int(length) > self.max_body:
                return PlainTextResponse(f"At most {self.max_body:,} bytes are taken.", 413)
        return None


def foreign(headers: Headers) -> bool:
    """True when a browser sent the request for a page of another site."""
    origin = headers.get("origin")
    if origin is None:
        return headers.get("sec-fetch-site") == "cross-site" and headers.get("sec-fetch-mode") != "navigate"
    own = {headers.get("host", ""), headers.get("x-forwarded-host", "")}
    return urlsplit(origin).netloc not in own - {""}


def _with_headers(send: Send) -> Send:
    """`send` that adds our headers, and takes away permissions for other origins."""

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name in [name for name in headers if name.lower().startswith("access-control-")]:
                del headers[name]
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return sent
