"""Commands that run periodically. Cron, Celery, the demo and a person at a prompt all come through `execute`.

When a pass ran is remembered by an app above this one, which asks for it with `watch_passes`.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from typing import Any

from django.core.management.base import BaseCommand

from apps.common.trace import running

Watch = Callable[[str], AbstractContextManager[None]]

_watches: list[Watch] = []


def watch_passes(watch: Watch) -> None:
    """Run every pass inside `watch(name)`, which sees its failure and must let it through. Called in `AppConfig.ready`.

    `name` is that of the command, such as `expire_holds`.
    """
    if watch not in _watches:
        _watches.append(watch)


class PassCommand(BaseCommand):
    """A command that does everything due, or judges everything, once, and is safe beside itself."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        name = self.__module__.rpartition(".")[2]
        with running(name), ExitStack() as watched:
            for watch in _watches:
                watched.enter_context(watch(name))
            return super().execute(*args, **options)
