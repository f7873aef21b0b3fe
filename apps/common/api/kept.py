"""Public answers kept for a second: their bytes are made once, however many ask, and who has them is only told so.

    path("salons/", kept(SalonList.as_view()))

Nothing has to say that something changed: what was read a second ago is read again (decision 35). That makes it fit
for answers that are the same for everybody and may be a second old.
"""

import functools
import gzip
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from time import monotonic
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.middleware.gzip import re_accepts_gzip
from django.utils.cache import patch_vary_headers
from django.utils.functional import cached_property
from django.utils.http import parse_etags
from django.utils.translation import get_language

KEPT_SECONDS = 1.0
# A page of a catalogue has some 20 KiB: a stranger who varies the address fills a few megabytes, and no more.
MOST_KEPT = 256
# Django's middleware leaves shorter bodies alone as well.
SHORTEST_COMPRESSED = 200
LEVEL = 6
# Any cache may keep it, and asks every time whether it is still good: nobody adds a second of their own.
CACHE_CONTROL = "public, no-cache"

View = Callable[..., Any]
Key = tuple[str, str | None, str]


@dataclass(frozen=True, slots=True)
class Form:
    """The bytes of an answer in one encoding, and the strong tag that stands for exactly them."""

    content: bytes
    etag: str
    encoding: str = ""


class Answer:
    """What was read at `read_at` (seconds of the monotonic clock), as it is and, where that is worth it, compressed."""

    def __init__(self, response: HttpResponse, read_at: float) -> None:
        self.read_at, self.content_type = read_at, response["Content-Type"]
        self.plain = Form(response.content, f'"{hashlib.sha256(response.content).hexdigest()}"')

    @cached_property
    def compressed(self) -> Form:
        """Made once: the middleware does it for every answer, and its random padding leaves a weak tag. That padding
        hides secrets beside a stranger's words, and a public answer holds none.
        """
        if len(self.plain.content) < SHORTEST_COMPRESSED:
            return self.plain
        content = gzip.compress(self.plain.content, LEVEL, mtime=0)
        return Form(content, self.plain.etag[:-1] + '-gzip"', "gzip")

    def response(self, request: HttpRequest) -> HttpResponse:
        """200 with the body, or 304 for whoever has it."""
        accepts = re_accepts_gzip.search(request.headers.get("Accept-Encoding", ""))
        form = self.compressed if accepts else self.plain
        known = {tag.removeprefix("W/") for tag in parse_etags(request.headers.get("If-None-Match", ""))}
        if known & {form.etag, "*"}:
            response = HttpResponse(status=304)
            del response["Content-Type"]
        else:
            response = HttpResponse(form.content, content_type=self.content_type)
            if form.encoding:
                response["Content-Encoding"] = form.encoding
        response["ETag"] = form.etag
        response["Cache-Control"] = CACHE_CONTROL
        patch_vary_headers(response, ["Accept-Encoding"])
        return response


class Shelf:
    """The answers of this process, oldest first."""

    def __init__(self) -> None:
        self._answers: dict[Key, Answer] = {}
        self._lock = Lock()
        self.turn = 0

    def fresh(self, key: Key) -> Answer | None:
        """The answer kept under `key`, unless it was read too long ago."""
        answer = self._answers.get(key)
        return answer if answer and monotonic() - answer.read_at < KEPT_SECONDS else None

    def keep(self, key: Key, answer: Answer, turn: int) -> None:
        """Keep what was read in `turn`. Who was overtaken by `forget` may have read what is no longer so."""
        with self._lock:
            if turn != self.turn:
                return
            self._answers.pop(key, None)
            self._answers[key] = answer
            while len(self._answers) > MOST_KEPT:
                del self._answers[next(iter(self._answers))]

    def forget(self) -> None:
        """Read everything anew, here; other processes do so within `KEPT_SECONDS`."""
        with self._lock:
            self.turn += 1
            self._answers.clear()


shelf = Shelf()


def kept(view: View) -> View:
    """`view`, whose answers of 200 to a GET are kept for `KEPT_SECONDS` and carry a strong ETag.

    One for each address with its query, language and wanted media type. Refusals are not kept. The view must not look
    at who asks.
    """

    @functools.wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.method not in ("GET", "HEAD"):
            return view(request, *args, **kwargs)
        key = (request.build_absolute_uri(), get_language(), request.headers.get("Accept", ""))
        answer = shelf.fresh(key)
        if answer is None:
            turn, read_at = shelf.turn, monotonic()
            response = view(request, *args, **kwargs)
            if response.status_code != 200:
                return response
            answer = Answer(response.render(), read_at)
            shelf.keep(key, answer, turn)
        return answer.response(request)

    return wrapped


def forget_kept(**_signal: Any) -> None:
    """At once, for who reads on in this transaction, and after it, because others keep what they see until then."""
    shelf.forget()
    transaction.on_commit(shelf.forget)
