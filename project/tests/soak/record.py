"""Every answer that people got, and which of them nobody should get."""

import re
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests

from project.bench.report import percentile

NO_ANSWER = 0
# What a fault did may still be felt for so long: a worker starts, a call runs into its time limit.
AFTERMATH_SECONDS = 10
DATABASE, WEB = "database", "web"
# A machine that does much else is slow; only who gets nothing at all is left without an answer.
PATIENCE = 60
NUMBER = re.compile(r"/(?:[0-9a-f]{8}-[0-9a-f-]{27}|\d+)(?=/)")


class NoAnswer(Exception):
    """The server hung up, or said nothing in time."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One call: `status` is NO_ANSWER where none came, times are of the monotonic clock in seconds."""

    operation: str
    status: int
    began: float
    ended: float
    told_to_wait: bool
    text: str = ""


@dataclass(slots=True)
class Window:
    """When a fault was there. `part` is what it broke."""

    name: str
    part: str
    began: float
    ended: float = float("inf")

    def meets(self, answer: Answer) -> bool:
        return answer.began <= self.ended + AFTERMATH_SECONDS and answer.ended >= self.began


@dataclass
class Record:
    """What happened; people and faults write it from their threads."""

    answers: list[Answer] = field(default_factory=list)
    windows: list[Window] = field(default_factory=list)
    # Attempts to book, by the key that their note repeats: the id of the booking once somebody was told of it.
    attempts: dict[str, str] = field(default_factory=dict)
    surprises: Counter[str] = field(default_factory=Counter)

    def complaints(self) -> Iterator[str]:
        """Answers that nobody may get, each once with its number."""
        found: Counter[str] = Counter()
        for answer in self.answers:
            if (answer.status >= 500 or answer.status == NO_ANSWER) and not self._is_excused(answer):
                found[f"{answer.operation}: {answer.status or 'no answer'} {answer.text}"] += 1
        for what, count in [*found.items(), *self.surprises.items()]:
            yield f"{what} ({count} times)"

    def _is_excused(self, answer: Answer) -> bool:
        """A fault excuses "come again", a killed process the lack of an answer."""
        parts = {window.part for window in self.windows if window.meets(answer)}
        if answer.status == NO_ANSWER:
            return WEB in parts
        return bool(parts) and answer.status == 503 and answer.told_to_wait

    def as_json(self) -> dict[str, Any]:
        """Counts of each operation by what came, and how long it took in milliseconds."""
        by_operation: defaultdict[str, list[Answer]] = defaultdict(list)
        for answer in self.answers:
            by_operation[answer.operation].append(answer)
        return {
            "calls": len(self.answers),
            **_milliseconds(self.answers),
            "operations": {
                name: {
                    "answers": dict(sorted(Counter(str(one.status or "none") for one in found).items())),
                    **_milliseconds(found),
                }
                for name, found in sorted(by_operation.items())
            },
            "faults": dict(sorted(Counter(window.name for window in self.windows).items())),
        }


def _milliseconds(answers: Iterable[Answer]) -> dict[str, float]:
    took = [answer.ended - answer.began for answer in answers if answer.status != NO_ANSWER]
    return {f"p{percent}": round(percentile(took, percent) * 1000, 1) for percent in (50, 99)} if took else {}


class RecordedSession(requests.Session):
    """Writes every call into the record; raises NoAnswer in the place of what requests raises."""

    def __init__(self, record: Record, network: str, language: str = "en") -> None:
        super().__init__()
        self.trust_env = False
        self.headers.update({"Accept-Language": language, "X-Forwarded-For": network})
        self.record = record

    def request(self, method: Any, url: Any, **options: Any) -> requests.Response:
        operation = f"{str(method).upper()} {NUMBER.sub('/…', urlsplit(str(url)).path)}"
        began, status, waits, text = time.monotonic(), NO_ANSWER, False, ""
        try:
            response = super().request(method, url, **{**options, "timeout": PATIENCE})
            status, waits = response.status_code, "Retry-After" in response.headers
            text = response.text[:200] if status >= 500 else ""
        except requests.RequestException as error:
            text = type(error).__name__
            raise NoAnswer(text) from error
        finally:
            answer = Answer(operation, status, began, time.monotonic(), told_to_wait=waits, text=text)
            self.record.answers.append(answer)
        return response
