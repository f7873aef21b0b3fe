"""Production over HTTP: hashed files, https, slow clients and a stop that loses nobody's request."""

import re
import signal
import socket
from contextlib import ExitStack, suppress

import pytest

from project.tests.production_server import (
    CONFIGURATION,
    FORM,
    OVER_TLS,
    PATIENCE,
    REST_OF_THE_FORM,
    everything_from,
    get,
    image,
    send,
    serving,
    serving_on,
)

HASHED = re.compile(r"/static/(storefront/assets/[\w.-]+-[\w-]{8}|.+\.[0-9a-f]{12})\.\w+")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return image(tmp_path_factory.mktemp("production"))


@pytest.fixture(scope="module")
def server(made):
    with serving(made) as (process, port):
        yield process, port


@pytest.fixture
def port(server):
    return server[1]


def test_the_probe_is_answered_and_everybody_else_is_led_to_https(port):
    plain = {"Host": "salons.example", "X-Forwarded-Proto": "http"}

    assert get(port, "/healthz", {"Host": "salons.example"})[0] == 200
    status, headers, _body = get(port, "/admin/", plain)

    assert (status, headers["Location"]) == (301, "https://salons.example/admin/")
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_an_answer_over_https_asks_browsers_to_stay_there_and_cookies_are_for_https(port):
    status, headers, _body = get(port, "/admin/login/")

    assert status == 200
    assert headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload"
    cookies = headers.get_all("Set-Cookie")
    assert cookies
    assert all("; Secure" in cookie and "; HttpOnly" in cookie and "SameSite=Lax" in cookie for cookie in cookies)
    assert "Server" not in headers or "/" not in headers["Server"]


@pytest.mark.parametrize("page", ["/", "/admin/login/", "/api/docs/"])
def test_pages_name_files_by_their_contents_and_each_is_there_compressed_and_kept_for_good(port, page):
    named = set(re.findall(r"/static/[\w./-]+", get(port, page)[2].decode()))

    assert named
    assert {address for address in named if not HASHED.fullmatch(address)} == set()
    for address in named:
        status, headers, body = get(port, address, {**OVER_TLS, "Accept-Encoding": "gzip"})
        assert (status, headers["Cache-Control"]) == (200, "max-age=315360000, public, immutable"), address
        assert headers["X-Content-Type-Options"] == "nosniff"
        if address.endswith((".js", ".css")) and len(body) > 2000:
            assert headers["Content-Encoding"] == "gzip", address


def test_what_the_storefronts_files_import_is_there_under_the_name_they_use(made):
    assets = made / "staticfiles/storefront/assets"
    imported = {
        name for file in assets.glob("*.js") for name in re.findall(r'["\']\./([\w.-]+\.js)["\']', file.read_text())
    }

    assert len(imported) > 5
    assert [name for name in sorted(imported) if not (assets / name).is_file()] == []
    assert list(assets.glob("*.*.js")) == []


def test_no_file_is_shipped_that_no_page_asks_for(made):
    assert not (made / "staticfiles/rest_framework").exists()
    assert not (made / "staticfiles/project/css/admin.css").exists()
    assert list((made / "staticfiles").rglob("*redoc*")) == []


def test_a_forged_host_is_refused_with_headers(port):
    status, headers, body = get(port, "/admin/", {"Host": "evil.example", "X-Forwarded-Proto": "https"})

    assert status == 400
    assert headers["X-Frame-Options"] == "DENY"
    assert b"evil.example" not in body


def changed(made, line):
    """The published configuration with one more line, which has the last word."""
    configuration = made / "changed.conf.py"
    configuration.write_text(f"{(made / CONFIGURATION).read_text()}\n{line}\n")
    return configuration


def told_to_stop(process, port):
    """A request whose second half is still to come when the server is told to stop."""
    assert get(port, "/healthz")[0] == 200
    begun = send(port, FORM)
    assert get(port, "/healthz")[0] == 200
    process.send_signal(signal.SIGTERM)
    assert next(line for line in process.stdout if "Handling signal: term" in line)
    return begun


def test_a_stop_finishes_the_request_that_is_being_answered(made):
    with serving(made) as (process, port), told_to_stop(process, port) as begun:
        begun.sendall(REST_OF_THE_FORM)
        answer = everything_from(begun)
        process.wait(PATIENCE)

    assert answer.startswith(b"HTTP/1.1 403 ")
    assert process.returncode == 0


def test_control_a_stop_that_waits_for_nobody_loses_the_request(made):
    configuration = changed(made, "graceful_timeout = 1")
    with serving(made, configuration=configuration) as (process, port), told_to_stop(process, port) as begun:
        process.wait(PATIENCE)
        with suppress(ConnectionResetError):
            assert everything_from(begun) == b""


def test_whoever_comes_while_one_version_takes_the_place_of_another_waits_and_is_answered(made):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with serving_on(listener, made):
            assert get(port, "/healthz")[0] == 200
        asked = b"GET /healthz HTTP/1.1\r\nHost: salons.example\r\nConnection: close\r\n\r\n"
        with send(port, asked) as between, serving_on(listener, made):
            answer = everything_from(between)

    assert answer.startswith(b"HTTP/1.1 200 ")


def answers_while_all_threads_are_taken(made, seconds, patience):
    """Whether somebody is answered within `patience` where one read of the others may last `seconds`, 0 for ever."""
    configuration = changed(made, f"SLOWEST_READ = {seconds}")
    with serving(made, configuration=configuration) as (_process, port), ExitStack() as slow:
        assert get(port, "/healthz")[0] == 200
        for _ in range(4):
            slow.enter_context(send(port, FORM))
        try:
            return get(port, "/healthz", patience=patience)[0] == 200
        except TimeoutError:
            return False


def test_whoever_sends_half_a_request_gives_the_thread_back(made):
    assert answers_while_all_threads_are_taken(made, 1, PATIENCE)


def test_control_without_an_end_to_reading_four_clients_silence_a_process(made):
    assert not answers_while_all_threads_are_taken(made, 0, 4)
