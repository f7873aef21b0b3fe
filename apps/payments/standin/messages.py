"""What goes in and out over HTTP, and the gateway's one way to refuse."""

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

Json = dict[str, Any]


class Refused(Exception):
    """An error answer: `{"type", "message", "errors"}` with its HTTP status."""

    def __init__(self, status: int, kind: str, message: str, errors: object = None) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"type": kind, "message": message, "errors": errors}


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    def json(self) -> Json:
        """The body's object; an empty body is an empty object."""
        try:
            told = json.loads(self.body or b"{}")
        except (ValueError, RecursionError):
            told = None
        if not isinstance(told, dict):
            raise Refused(400, "invalid_request_error", "The body must be a JSON object.")
        return told

    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))


@dataclass(frozen=True)
class Reply:
    status: int
    body: bytes = b""
    content_type: str = "application/json; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)


def json_reply(status: int, content: object) -> Reply:
    return Reply(status, json.dumps(content, ensure_ascii=False).encode())


def html_reply(status: int, page: str) -> Reply:
    headers = {
        "Cache-Control": "no-store",
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    }
    return Reply(status, page.encode(), "text/html; charset=utf-8", headers)


def redirect(url: str) -> Reply:
    return Reply(303, headers={"Location": url})


@dataclass(frozen=True)
class Route:
    """`pattern` is a path in which `<id>` stands for one identifier, handed to `answer` after the request."""

    method: str
    pattern: str
    operation: str
    answer: Callable[..., object]
    status: int = 200


def find_route(routes: Iterable[Route], method: str, path: str) -> tuple[Route, list[str]] | None:
    for route in routes:
        match = re.fullmatch(route.pattern.replace("<id>", r"([\w-]+)"), path, re.ASCII)
        if route.method == method and match:
            return route, list(match.groups())
    return None
