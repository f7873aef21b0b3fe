"""Production as its image starts it: the published files, settings and command, on a port of loopback."""

import http.client
import json
import os
import re
import runpy
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager

from project.env import BASE_DIR
from project.tests.test_settings import GOOD

CONFIGURATION = "docs/deploy/gunicorn.conf.py"
DOCKERFILE = BASE_DIR / "docs/deploy/Dockerfile"
LISTENING = "Listening at: http://127.0.0.1:"
# As the proxy hands a request on.
OVER_TLS = {"Host": "salons.example", "X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.7"}
# A form whose body is read before it is refused for its wrong token.
FORM = (
    b"POST /i18n/setlang/ HTTP/1.1\r\nHost: salons.example\r\nX-Forwarded-Proto: https\r\nConnection: close\r\n"
    b"Origin: https://salons.example\r\nCookie: csrftoken=" + b"a" * 32 + b"\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 20\r\n\r\nlanguage="
)
REST_OF_THE_FORM = b"en&padding="
PATIENCE = 60


def dockerfile(word):
    """What follows `word` on the lines of the Dockerfile, those of an array joined by spaces."""
    lines = re.findall(rf"^{word} (.+)$", DOCKERFILE.read_text(), re.MULTILINE)
    return [" ".join(json.loads(line)) if line.startswith("[") else line for line in lines]


def image(directory):
    """`directory/image`, filled as the Dockerfile fills the image; the packages are those of this process."""
    made = directory / "image"
    for line in dockerfile("COPY"):
        if not line.startswith("--from"):
            source, target = line.split()
            copy(BASE_DIR / source, made / (source if target == "./" else target))
    collect = next(line for line in dockerfile("RUN") if "collectstatic" in line)
    subprocess.run(
        ["/bin/sh", "-ec", collect.replace("/opt/venv/bin/python", sys.executable)],
        cwd=made,
        env=clean_environment(),
        capture_output=True,
        timeout=300,
        check=True,
    )
    return made


def copy(source, target):
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "node_modules", "frontend"))
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)


def clean_environment():
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}


def production_environment(directory):
    """Variables that production starts with: a SQLite file in `directory`, one proxy in front, one process."""
    return {
        **clean_environment(),
        **GOOD,
        "DATABASE_URL": f"sqlite:///{directory}/salon.sqlite3",
        "DJANGO_SETTINGS_MODULE": "project.settings.production",
        "TRUSTED_PROXY_COUNT": "1",
        "WEB_CONCURRENCY": "1",
    }


@contextmanager
def serving(made, *, configuration=CONFIGURATION, bind="127.0.0.1:0"):
    """Yields `(process, port)` of the image's command, once it takes requests."""
    command = dockerfile("CMD")[-1].replace(CONFIGURATION, str(configuration)).replace("0.0.0.0:8000", bind)
    process = subprocess.Popen(
        [sys.executable, "-m", *command.split()],
        cwd=made,
        env=production_environment(made),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process, _port_of(process)
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE)


@contextmanager
def serving_on(listener, made):
    """The image's command on a socket that somebody else opened and keeps, as systemd hands it on: as descriptor 3."""
    command = [sys.executable, "-m", "gunicorn", "project.wsgi", "--config", CONFIGURATION]
    process = subprocess.Popen(
        ["/bin/sh", "-c", 'LISTEN_PID=$$ exec "$@"', "sh", *command],
        cwd=made,
        env={**production_environment(made), "LISTEN_FDS": "1"},
        pass_fds=(3,),
        preexec_fn=lambda: os.dup2(listener.fileno(), 3),
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE)


def _port_of(process):
    """The port it chose; connections made from now on wait for the worker."""
    said = []
    for line in process.stdout:
        said.append(line)
        if LISTENING in line:
            return int(line.split(LISTENING)[1].split()[0])
    raise AssertionError("".join(said))


def get(port, path, headers=OVER_TLS, patience=PATIENCE):
    """`(status, headers, body)` of one request."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=patience)
    try:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def send(port, data):
    """An open connection over which `data` was sent."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    connection.sendall(data)
    return connection


def everything_from(connection):
    """All that comes until the server closes."""
    return b"".join(iter(lambda: connection.recv(65536), b""))


def load_gunicorn():
    """The names that the published configuration sets."""
    return runpy.run_path(str(BASE_DIR / CONFIGURATION))
