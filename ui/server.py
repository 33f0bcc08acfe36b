"""The shop as a web server: the chat page, the pictures, and whether it is well."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

import gradio as gr
import typer
import uvicorn
from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.responses import JSONResponse

from assistant.conversation import Assistant
from assistant.memory import Memory
from retrieval.demo.illustrations import illustration
from retrieval.errors import RetrievalError
from ui.adapting_daily import adapted_on_schedule, command_for
from ui.background_reading import reading_beside, worth_reading
from ui.chat import chat_page, theme
from ui.guard import Guard
from ui.memory_routes import memory_routes
from ui.places import DEMO
from ui.sweeping import swept_daily
from ui.terminal import note, progress_bar
from ui.wiring import ModelChoice, open_assistant

CHATS = 8
"""Chats answered at a time; the model itself takes one at a time, the rest of a turn runs beside it."""
QUEUE = 64
"""Messages that may wait; the next one is told that the shop is busy."""
DEMO_STARTERS = (
    "waterproof hiking boots under 150, not leather",
    "a quiet gift for my brother who works from home, about 60",
    "敏感肌用的防晒，无香精，不超过40",
    "送给三岁孩子的积木，木头的",
)
_PAGE = Path(__file__).parent / "page"
_log = logging.getLogger("daogou")


def make_app(assistant: Assistant, problem: str = "", starters: Sequence[str] = ()) -> FastAPI:
    """The web application of a shop. `problem` is why it has no language model, empty when it has one; `starters` are
    first messages that its page offers."""
    app = FastAPI(title=assistant.shop.settings.name, docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(Guard)

    @app.exception_handler(RetrievalError)
    def unwell(_: Request, error: RetrievalError) -> JSONResponse:
        _log.error("the shop can't be used: %s", error)
        return JSONResponse({"ready": False, "status": "failing"}, 503)

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

    app.include_router(memory_routes(Memory.of(assistant.shop)))
    page = chat_page(assistant, starters)
    page.queue(default_concurrency_limit=CHATS, max_size=QUEUE)
    mounted: FastAPI = gr.mount_gradio_app(
        app, page, path="/", theme=theme(), css_paths=[_PAGE / "chat.css"], js=(_PAGE / "chat.js").read_text(encoding="utf-8"),
        footer_links=[], run_history=False, enable_monitoring=False, max_file_size="1kb", allowed_paths=[], show_error=False,
        ssr_mode=False, mcp_server=False, pwa=False,
    )
    return mounted


def run_server(shop: str, choice: ModelChoice, host: str, port: int, *, read: bool = True) -> None:
    """Serve until interrupted; with `read`, unread reviews are read beside it. The port is taken first, so that a second
    start says so at once."""
    listening = _listen(host, port)
    with progress_bar() as progress:
        assistant, problem = open_assistant(shop, choice, progress=progress)
    if problem:
        note(f"No language model: {problem} Replies come from templates.")
    app = make_app(assistant, problem, DEMO_STARTERS if shop == DEMO else ())
    assistant.warm_up()
    shown = f"[{host}]" if ":" in host else host
    note(f"{assistant.shop.settings.name}: http://{shown}:{port} (Ctrl+C stops it)")
    config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=2, server_header=False)
    read = read and worth_reading(assistant.shop, choice)
    try:
        retuned = adapted_on_schedule(assistant.shop.directory, command_for(shop))
        with swept_daily(assistant.shop), retuned, reading_beside(assistant.shop, shop, choice) if read else nullcontext():
            uvicorn.Server(config).run(sockets=[listening])
    except KeyboardInterrupt:
        note("Stopped.")
    finally:
        assistant.shop.close()


def _listen(host: str, port: int) -> socket.socket:
    """The socket to serve on. Exit code 2 when it can't be had."""
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        note(f"daogou: can't listen on {host}:{port}: {os.strerror(error.errno or 0)}. Choose another: --port {port + 1}")
        raise typer.Exit(2) from error
