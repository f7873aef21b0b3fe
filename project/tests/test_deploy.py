"""The files under docs/deploy/ fit the product and each other; what they start is in test_production_server."""

import configparser
import re
import shlex

import pytest
import yaml

from project.celery import app
from project.env import BASE_DIR, VARIABLES
from project.tests.production_server import dockerfile, load_gunicorn

DEPLOY = BASE_DIR / "docs/deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"] == "salon"}
UNITS = sorted((DEPLOY / "systemd").iterdir())
NGINX = (DEPLOY / "nginx.conf").read_text()
# What compose itself asks for, beside the variables of the product.
OF_COMPOSE = {"POSTGRES_PASSWORD", "TLS_DIRECTORY"}


def unit(path):
    parser = configparser.ConfigParser(strict=False, interpolation=None, delimiters=("=",))
    parser.optionxform = str
    parser.read(path)
    return parser


def seconds(text):
    return int(re.fullmatch(r"(\d+)s?", text)[1])


def test_compose_starts_every_kind_of_process_and_exactly_one_beat():
    assert SERVICES.keys() == {"migrate", "web", "worker", "beat", "proxy", "postgres", "redis"}
    assert all("deploy" not in service and "scale" not in service for service in SERVICES.values())


def test_compose_sets_only_variables_that_are_read():
    named = {name for service in OURS.values() for name in service["environment"]}
    asked = set(re.findall(r"\$\{(\w+)", (DEPLOY / "compose.yaml").read_text()))

    assert named <= VARIABLES.keys()
    assert asked == OF_COMPOSE


@pytest.mark.parametrize("name", sorted(OURS))
def test_our_containers_can_write_to_pictures_and_tmp_alone_and_gain_no_rights(name):
    service = OURS[name]

    assert service["read_only"] is True
    assert service["tmpfs"] == ["/tmp"]  # noqa: S108 - the container's own
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["volumes"] == ["media:/srv/salon/var/media"]


@pytest.mark.parametrize("name", ["web", "worker", "beat"])
def test_nothing_serves_before_the_tables_are_there(name):
    assert SERVICES[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}


def test_only_the_proxy_is_reachable_from_outside():
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]


def test_whoever_stops_a_process_waits_longer_than_it_may_take():
    gunicorn = load_gunicorn()

    assert gunicorn["graceful_timeout"] < seconds(SERVICES["web"]["stop_grace_period"])
    assert gunicorn["graceful_timeout"] < int(unit(DEPLOY / "systemd/salon-web.service")["Service"]["TimeoutStopSec"])
    assert app.conf.task_time_limit < seconds(SERVICES["worker"]["stop_grace_period"])
    assert app.conf.task_time_limit < int(unit(DEPLOY / "systemd/salon-worker.service")["Service"]["TimeoutStopSec"])


def test_the_proxy_gives_up_later_than_the_server_and_keeps_connections_shorter():
    gunicorn = load_gunicorn()

    assert gunicorn["timeout"] < seconds(re.search(r"proxy_read_timeout (\w+);", NGINX)[1])
    assert seconds(re.search(r"^\s+keepalive_timeout (\w+);", NGINX, re.MULTILINE)[1]) < gunicorn["keepalive"]


def test_the_servers_processes_follow_the_machine_and_are_replaced_at_different_times():
    gunicorn = load_gunicorn()

    assert gunicorn["worker_class"] == "gthread"
    assert gunicorn["control_socket_disable"] is True
    assert 0 < gunicorn["max_requests_jitter"] < gunicorn["max_requests"]


def test_the_image_runs_as_nobody_and_builds_nothing_in_its_last_stage():
    last = (DEPLOY / "Dockerfile").read_text().split("\nFROM ")[-1]

    assert "\nUSER salon\n" in last
    assert not re.search(r"\b(pip|uv|apt-get|npm|gcc)\b", last)
    assert dockerfile("USER") == ["salon"]
    assert "SECRET_KEY" not in (DEPLOY / "Dockerfile").read_text()


@pytest.mark.parametrize("path", [path for path in UNITS if path.suffix == ".service"], ids=lambda path: path.name)
def test_a_unit_starts_what_exists_with_few_rights(path):
    service = unit(path)["Service"]
    program, *arguments = shlex.split(service["ExecStart"])

    assert program.rpartition("/")[0] == "/srv/salon/.venv/bin"
    assert program.rpartition("/")[2] in {"gunicorn", "celery", "python"}
    named = [argument for argument in arguments if re.fullmatch(r"(docs/.+|manage\.py)", argument)]
    assert [name for name in named if not (BASE_DIR / name).is_file()] == []
    assert service["User"] == "salon"
    assert service["ProtectSystem"] == "strict"
    assert service["NoNewPrivileges"] == "yes"
    assert "project.settings.production" in service["Environment"]


def test_every_timer_and_socket_has_its_service():
    others = [path for path in UNITS if path.suffix != ".service"]

    assert {path.suffix for path in others} == {".timer", ".socket"}
    assert [path.name for path in others if not path.with_suffix(".service").is_file()] == []
