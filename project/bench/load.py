"""Many callers at once over HTTP, on the same processors as the server: wrk where it is installed, a crew of ours where
it is not. The crew costs more itself, so that ratios to the raw INSERT come out lower and ratios to a bare view closer
to one.
"""

import json
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPResponse
from pathlib import Path
from typing import Any, Protocol

from project.bench.crew import Act, Crew, Task, crew
from project.bench.partners.raw import CannotMeasure
from project.bench.report import percentile
from project.bench.scale import PROCESSES
from project.bench.served import HOST, LONGEST_CALL

CALLERS = 16
# Sends the requests of a file, which zeros part, one after the other, and says at the end what became of them.
SCRIPT = """
local requests, last = {}, 0
function init(arguments)
    for request in io.open(arguments[1], "rb"):read("*a"):gmatch("[^%z]+") do requests[#requests + 1] = request end
end
function request()
    last = last % #requests + 1
    return requests[last]
end
function done(summary, latency)
    local errors = summary.errors
    local lost = errors.connect + errors.read + errors.write + errors.timeout
    io.write(string.format("\\nfound %d %d %.0f %.0f %.0f\\n", summary.requests, errors.status + lost,
        summary.duration, latency:percentile(50), latency:percentile(99)))
end
"""


@dataclass(frozen=True, slots=True)
class Answers:
    """What became of the calls of a while; `refused` are answers from 400 on and calls without one. Times in ms."""

    count: int
    refused: int
    seconds: float
    p50: float
    p99: float

    @property
    def per_second(self) -> float:
        return (self.count - self.refused) / self.seconds


class Load(Protocol):
    """Calls the server at `port` for `seconds`, with `requests` in turn, from CALLERS connections that stay open."""

    def __call__(self, port: int, requests: list[bytes], seconds: int) -> Answers: ...


@dataclass(frozen=True, slots=True)
class Wrk:
    """The program wrk. Raises CannotMeasure."""

    program: str

    def __call__(self, port: int, requests: list[bytes], seconds: int) -> Answers:
        with tempfile.TemporaryDirectory() as folder:
            script, file = Path(folder) / "requests.lua", Path(folder) / "requests"
            script.write_text(SCRIPT, encoding="utf-8")
            file.write_bytes(b"\0".join(requests))
            how = ["-t1", f"-c{CALLERS}", f"-d{seconds}s", f"--timeout={LONGEST_CALL}s", "--latency", "-s", str(script)]
            done = subprocess.run(  # noqa: S603 - a program found by its name, with arguments of our own
                [self.program, *how, f"http://{HOST}:{port}/", "--", str(file)],
                capture_output=True,
                text=True,
                check=False,
            )
        found = next((line.split()[1:] for line in done.stdout.splitlines() if line.startswith("found ")), None)
        if done.returncode or found is None:
            raise CannotMeasure(f"wrk ended with {done.returncode}: {done.stderr[-500:]}")
        count, refused, microseconds, p50, p99 = map(int, found)
        return Answers(count, refused, microseconds / 1_000_000, p50 / 1000, p99 / 1000)


@dataclass(frozen=True, slots=True)
class Callers:
    """The same by a crew."""

    crew: Crew

    def __call__(self, port: int, requests: list[bytes], seconds: int) -> Answers:
        outcome = self.crew.work(Task(_Calling(port, requests, self.crew.size), seconds=seconds))
        p50, p99 = (percentile(outcome.seconds, percent) * 1000 for percent in (50, 99))
        took = max(log.elapsed for log in outcome.logs)
        return Answers(outcome.attempts, outcome.attempts - outcome.wins, took, p50, p99)


@dataclass(frozen=True, slots=True)
class _Calling:
    """A task for a crew."""

    port: int
    requests: list[bytes]
    callers: int

    def __call__(self, worker: int) -> Act:
        line = socket.create_connection((HOST, self.port), LONGEST_CALL)

        def act(turn: int) -> bool:
            line.sendall(self.requests[(turn * self.callers + worker) % len(self.requests)])
            with HTTPResponse(line) as answer:
                answer.begin()
                answer.read()
            return answer.status < HTTPStatus.BAD_REQUEST

        return act


@contextmanager
def load() -> Iterator[Load]:
    """What there is to call with."""
    if program := shutil.which("wrk"):
        yield Wrk(program)
    else:
        with crew(PROCESSES, CALLERS // PROCESSES) as callers:
            yield Callers(callers)


def written(method: str, address: str, headers: Mapping[str, str] | None = None, body: Any = None) -> bytes:
    """A whole request; `body` is sent as JSON."""
    content = b"" if body is None else json.dumps(body).encode()
    lines = {"Host": HOST, "Accept-Language": "en", **(headers or {})}
    if body is not None:
        lines |= {"Content-Type": "application/json", "Content-Length": str(len(content))}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"{method} {address} HTTP/1.1\r\n{head}\r\n".encode() + content
