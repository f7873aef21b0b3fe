"""`python -m project.tests.soak.passes`: what cron does every minute, in one process and without the minute."""

import time

import django

PAUSE_SECONDS = 1


def main() -> None:
    django.setup()
    from project.passes import run_passes

    while True:
        run_passes()
        time.sleep(PAUSE_SECONDS)


if __name__ == "__main__":
    main()
