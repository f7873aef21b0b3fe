"""The published nginx in front of the published gunicorn: who is slow costs nobody else anything."""

import http.client
import re
import shutil
import socket
import ssl
import subprocess
import time
from contextlib import ExitStack, contextmanager

import pytest

from project.env import BASE_DIR
from project.tests.production_server import FORM, PATIENCE, REST_OF_THE_FORM, get, image, send, serving
from project.tests.test_headers import EVERYWHERE

pytestmark = pytest.mark.proxy
PUBLISHED = (BASE_DIR / "docs/deploy/nginx.conf").read_text()
SLOW = 200


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return image(tmp_path_factory.mktemp("production"))


@pytest.fixture(scope="module")
def server(made):
    with serving(made) as (_process, port):
        assert get(port, "/healthz")[0] == 200
        yield port


@pytest.fixture(scope="module")
def proxy(server, tmp_path_factory):
    """The path of the socket that TLS is spoken on."""
    directory = tmp_path_factory.mktemp("nginx")
    make_a_certificate(directory)
    address = directory / "https"
    configuration = directory / "nginx.conf"
    configuration.write_text(adapted(directory, address, server))
    nginx = [shutil.which("nginx") or "nginx", "-p", str(directory), "-c", str(configuration)]
    # Comes back when it listens.
    subprocess.run([*nginx, "-g", "pid nginx.pid;"], timeout=PATIENCE, check=True)
    try:
        yield address
    finally:
        subprocess.run([*nginx, "-g", "pid nginx.pid;", "-s", "stop"], timeout=PATIENCE, check=True)


def adapted(directory, address, port):
    """The published file with other addresses and nothing else changed."""
    text = PUBLISHED
    for published, here in {
        "/etc/nginx/mime.types;": "mime.types;",
        "server web:8000;": f"server 127.0.0.1:{port};",
        "listen 80;": f"listen unix:{directory}/http;",
        "listen 443 ssl http2;": f"listen unix:{address} ssl http2;",
        "/etc/nginx/tls/": f"{directory}/",
    }.items():
        assert published in text
        text = text.replace(published, here)
    (directory / "mime.types").write_text("types { text/html html; }")
    # The paths of temporary files that the package was built with belong to root.
    own = "".join(f"{kind}_temp_path tmp-{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    return f"error_log error.log;\n{text.replace('http {', 'http { ' + own, 1)}"


def make_a_certificate(directory):
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=salons.example"),
            *("-keyout", str(directory / "privkey.pem"), "-out", str(directory / "fullchain.pem")),
        ],
        capture_output=True,
        check=True,
    )


def over_tls(address, data=b""):
    """An open TLS connection over which `data` was sent."""
    plain = socket.socket(socket.AF_UNIX)
    plain.settimeout(PATIENCE)
    plain.connect(str(address))
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    connection = context.wrap_socket(plain, server_hostname="salons.example")
    connection.sendall(data)
    return connection


@contextmanager
def asked(address, request):
    with over_tls(address, request) as connection, http.client.HTTPResponse(connection) as answer:
        answer.begin()
        yield answer, answer.read()


def request(path, *lines, host="salons.example"):
    return "\r\n".join([f"GET {path} HTTP/1.1", f"Host: {host}", "Connection: close", *lines, "", ""]).encode()


def test_slow_clients_are_waited_for_by_the_proxy_and_cost_nobody_else_anything(proxy):
    with ExitStack() as slow:
        for _ in range(SLOW // 2):
            slow.enter_context(over_tls(proxy, b"GET / HT"))
            slow.enter_context(over_tls(proxy, FORM))

        began = time.monotonic()
        for _ in range(20):
            with asked(proxy, request("/")) as (answer, _page):
                assert answer.status == 200
        took = time.monotonic() - began

    # Of gunicorn's four threads none was ever taken: a single one would have been for ten seconds.
    assert took < 10


def test_a_slow_form_arrives_whole(proxy):
    with over_tls(proxy, FORM) as connection:
        connection.sendall(REST_OF_THE_FORM)
        answer = http.client.HTTPResponse(connection)
        answer.begin()

    assert answer.status == 403


def test_a_client_cannot_name_its_own_address_or_scheme(proxy):
    forged = request("/admin/login/", "X-Forwarded-For: 203.0.113.9", "X-Forwarded-Proto: http")

    with asked(proxy, forged) as (answer, _page):
        assert answer.status == 200


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (request("/", f"Content-Length: {11 * 2**20}"), 413),
        (request("/" + "x" * 9_000), 414),
        (request("/readyz"), 404),
        (request("/", "Content-Length: zero"), 400),
    ],
)
def test_what_the_proxy_refuses_by_itself_carries_headers_and_says_nothing_of_its_version(proxy, sent, status):
    with asked(proxy, sent) as (answer, page):
        assert answer.status == status
        assert answer.headers["X-Frame-Options"] == EVERYWHERE["X-Frame-Options"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Server"] == "nginx"
        assert not re.search(rb"nginx/\d", page)


def test_headers_of_the_application_come_once(proxy):
    with asked(proxy, request("/admin/login/")) as (answer, _page):
        for name in (*EVERYWHERE, "Content-Security-Policy", "Cache-Control"):
            assert len(answer.headers.get_all(name)) == 1, name


# Last: it leaves the server with more than it gets rid of soon.
def test_control_without_the_proxy_as_many_stop_the_server(server):
    with ExitStack() as slow:
        for _ in range(SLOW):
            slow.enter_context(send(server, FORM))

        with pytest.raises(TimeoutError):
            get(server, "/", patience=5)
