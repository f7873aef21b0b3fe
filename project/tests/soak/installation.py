"""The installation under test: gunicorn, the passes or a Celery worker, the gateway's stand-in, Redis, a provider."""

import os
import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import redis
import requests

from apps.common.testing.web import wait_until
from apps.common.tests.message_providers import TwilioMessages, settings_of
from apps.common.tests.provider_stand_in import running_stand_in
from project.demo.serving import HOST, free_port, standin
from project.env import BASE_DIR

WEB_PROCESSES = 2
LONGEST_START, LONGEST_STOP = 240, 30
OTHERS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


class Carrier:
    """Twilio, which every message and code goes through; `mood` is how it fails: "", "away", "busy" or "mute".

    When mute it does its work and hangs up before the answer.
    """

    def __init__(self) -> None:
        self.twilio, self.mood = TwilioMessages(), ""

    def __call__(self, path: str, headers: Any, body: str | None) -> Any:
        if self.mood == "away":
            return "close"
        if self.mood == "busy":
            return 503, {"message": "Service unavailable"}
        answer = self.twilio(path, headers, body)
        return "close" if self.mood == "mute" else answer

    def latest_to(self, phone: str) -> str:
        """The text that came last."""
        return next((message.body for message in reversed(self.twilio.inbox) if message.to == phone), "")


def environment(database_url: str, provider_url: str, port: int, redis_url: str) -> dict[str, str]:
    """What every process of the installation reads, ours too. `redis_url` is "" where no broker is used."""
    carried = {name: value for name, value in settings_of(provider_url).items() if name.startswith("TWILIO")}
    return {
        **carried,
        "DJANGO_SETTINGS_MODULE": "project.settings.demo",
        "DATABASE_URL": database_url,
        "CACHE_URL": redis_url and f"{redis_url}/1",
        "CELERY_BROKER_URL": redis_url and f"{redis_url}/0",
        "OTP_PROVIDER": "twilio",
        "NOTIFICATION_PROVIDER": "twilio",
        "OTP_DAILY_BUDGET_HALALAS": "10000000",
        "PUBLIC_BASE_URL": f"http://{HOST}:{port}",
        # Each of the people comes from a network of their own.
        "TRUSTED_PROXY_COUNT": "1",
        "WEB_CONCURRENCY": str(WEB_PROCESSES),
        "LOG_FORMAT": "json",
    }


class Installation:
    """Started by `start`, which needs Django set up with the variables of `environment`; ends with the `ExitStack`.

    Attributes that others use: `url` and `gateway` (addresses), `carrier`, `with_broker`.
    """

    def __init__(self, folder: Path, stack: ExitStack, *, with_broker: bool, is_planted: bool) -> None:
        self.folder, self.stack, self.with_broker, self.is_planted = folder, stack, with_broker, is_planted
        self.carrier = Carrier()
        self.provider_url = stack.enter_context(running_stand_in(self.carrier)).url
        self.port, self.gateway_port, self.redis_port = free_port(0), free_port(0), free_port(0)
        self.url, self.gateway = f"http://{HOST}:{self.port}", f"http://{HOST}:{self.gateway_port}"
        self.running: dict[str, subprocess.Popen] = {}

    def environment(self, database_url: str) -> dict[str, str]:
        redis_url = f"redis://{HOST}:{self.redis_port}" if self.with_broker else ""
        common = environment(database_url, self.provider_url, self.port, redis_url)
        return {**common, "MOYASAR_BASE_URL": f"{self.gateway}/v1"}

    def start(self) -> None:
        """Returns once pages are answered."""
        self.stack.enter_context(standin(self.folder / "ledger.sqlite3", self.gateway_port, self.url))
        self.stack.callback(self.stop)
        if self.with_broker:
            self.start_redis()
        application = "project.tests.soak.planted" if self.is_planted else "project.wsgi"
        configuration = ["--config", "docs/deploy/gunicorn.conf.py", "--bind", f"{HOST}:{self.port}"]
        self._run("web", "-m", "gunicorn", application, *configuration)
        self.start_passes()
        wait_until(self.is_ready, LONGEST_START)

    def stop(self, *kept: str) -> None:
        """Ends every process but those `kept` and the gateway, the last that began first: a worker needs its Redis to
        say goodbye.
        """
        for name in [name for name in reversed(self.running) if name not in kept]:
            process = self.running.pop(name)
            process.terminate()
            process.wait(LONGEST_STOP)

    def start_passes(self) -> None:
        if self.with_broker:
            schedule = str(self.folder / "schedule")
            self._run(
                "passes", "-m", "celery", "-A", "project.celery", "worker", "--beat", "--schedule", schedule, "-c", "2"
            )
        else:
            self._run("passes", "-m", f"project.tests.soak.{'planted' if self.is_planted else 'passes'}")

    def start_redis(self) -> None:
        arguments = ["--port", str(self.redis_port), "--bind", HOST, "--save", "", "--dir", str(self.folder)]
        self._begin("redis", ["redis-server", *arguments])
        wait_until(self._redis_answers)

    def is_ready(self) -> bool:
        try:
            return requests.get(f"{self.url}/readyz", timeout=LONGEST_STOP).ok
        except requests.RequestException:
            return False

    # --- What faults do to it ---

    def kill_web_process(self) -> None:
        """One of those that answer; their parent starts another."""
        parent = self.running["web"].pid
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        if children:
            os.kill(int(children[0]), signal.SIGKILL)

    def revive_passes(self) -> None:
        """What a service manager does about a worker that ended by itself."""
        if self.running["passes"].poll() is not None:
            self.start_passes()

    def kill(self, name: str) -> None:
        process = self.running[name]
        for child in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split():
            os.kill(int(child), signal.SIGKILL)
        process.kill()
        process.wait(LONGEST_STOP)

    def tell_gateway(self, path: str, **said: Any) -> Any:
        return self._control("POST", path, said)

    def clear_gateway_faults(self) -> None:
        self._control("DELETE", "faults", {})

    def ledger(self) -> Any:
        return self._control("GET", "ledger", {})

    def _control(self, method: str, path: str, said: dict[str, Any]) -> Any:
        answer = requests.request(method, f"{self.gateway}/control/{path}", json=said, timeout=LONGEST_STOP)
        answer.raise_for_status()
        return answer.json()

    # --- How processes begin ---

    def _run(self, name: str, *arguments: str) -> None:
        self._begin(name, [sys.executable, *arguments])

    def _begin(self, name: str, command: list[str]) -> None:
        with (self.folder / f"{name}.log").open("a") as log:
            self.running[name] = subprocess.Popen(command, stdout=log, stderr=log, cwd=BASE_DIR)

    def _redis_answers(self) -> bool:
        try:
            return redis.Redis(HOST, self.redis_port).ping()
        except redis.ConnectionError:
            return False
