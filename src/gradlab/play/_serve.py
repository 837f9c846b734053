"""The page's files served to one's own browser, with the headers that a strict host sends."""

from __future__ import annotations

import functools
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

HOST = "127.0.0.1"
POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; "
    "style-src 'self'; img-src 'self' data:; font-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'"
)
TYPES = {".js": "text/javascript"}  # some systems say otherwise, and browsers then run none


class _Handler(SimpleHTTPRequestHandler):
    extensions_map = {**SimpleHTTPRequestHandler.extensions_map, **TYPES}  # noqa: RUF012  # as its class has it
    protocol_version = "HTTP/1.1"

    def end_headers(self) -> None:
        """The headers of a strict host, with every answer."""
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: a line for each file would help nobody."""


def server_for(folder: Path, port: int) -> ThreadingHTTPServer:
    """A server of a folder on this machine's own address, not yet running.

    Args:
        folder: the built page.
        port: from 0 up; 0 for any that is free.

    Raises:
        OSError: if the port is taken.
    """
    return ThreadingHTTPServer((HOST, port), functools.partial(_Handler, directory=str(folder)))
