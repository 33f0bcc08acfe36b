"""The shop as a web server: the chat page, the pictures, and whether it is well."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import gradio as gr
import uvicorn
from fastapi import FastAPI, HTTPException, Request, Response

from assistant.conversation import Assistant
from retrieval.demo.illustrations import illustration
from ui.chat import PAGE_CSS, chat_page, theme
from ui.terminal import note, progress_bar
from ui.wiring import ModelChoice, open_assistant

CHATS = 8
"""Chats answered at a time; the model itself takes one at a time, the rest of a turn runs beside it."""
QUEUE = 64
"""Messages that may wait; the next one is told that the shop is busy."""

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "SAMEORIGIN",
}


def make_app(assistant: Assistant, problem: str = "") -> FastAPI:
    """The web application of a shop. `problem` is why it has no language model, empty when it has one."""
    app = FastAPI(title=assistant.shop.settings.name, docs_url=None, redoc_url=None, openapi_url=None)

    @app.middleware("http")
    async def with_headers(request: Request, call: Callable[[Request], Awaitable[Response]]) -> Response:
        response = await call(request)
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    @app.get("/healthz")
    def healthz() -> dict[str, object]:
        warnings = [text for text in (problem, assistant.shop.index_warning) if text]
        return {"status": "degraded" if warnings else "ok", "warnings": warnings}

    @app.get("/readyz")
    def readyz() -> dict[str, object]:
        return {"ready": True, "items": len(assistant.shop.index.ids), "search": assistant.shop.index.kind}

    @app.get("/pictures/{path:path}")
    def picture(path: str) -> Response:
        try:
            drawn = illustration(f"pictures/{path}")
        except ValueError as error:
            raise HTTPException(404, "no such picture") from error
        return Response(drawn, media_type="image/svg+xml", headers={"Cache-Control": "public, max-age=86400"})

    page = chat_page(assistant)
    page.queue(default_concurrency_limit=CHATS, max_size=QUEUE)
    return gr.mount_gradio_app(
        app, page, path="/", theme=theme(), css=PAGE_CSS, footer_links=[], run_history=False, enable_monitoring=False,
        max_file_size="1kb", allowed_paths=[], show_error=False, ssr_mode=False,
    )


def run_server(shop: str, choice: ModelChoice, host: str, port: int) -> None:
    """Serve until interrupted."""
    with progress_bar() as progress:
        assistant, problem = open_assistant(shop, choice, progress=progress)
    if problem:
        note(f"No language model: {problem} Replies come from templates.")
    app = make_app(assistant, problem)
    assistant.warm_up()
    note(f"{assistant.shop.settings.name}: http://{host}:{port}")
    uvicorn.run(app, host=host, port=port, log_level="warning")
