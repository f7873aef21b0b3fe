"""`python -m apps.payments.standin --port 8001 --ledger FILE`: the stand-in as a process of its own."""

import argparse
import signal
import sqlite3
import sys
import threading
from pathlib import Path

from apps.payments.standin.service import DEFAULT_SECRET_KEY, RETRY_SCALE, Standin


def main() -> int:
    options = _parser().parse_args()
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    try:
        standin = Standin(**vars(options))
    except (OSError, sqlite3.Error) as error:
        sys.stderr.write(f"The stand-in cannot start: {error}. Choose another --port or --ledger.\n")
        return 1
    with standin:
        sys.stdout.write(f"standin ready {standin.url}/\n")
        sys.stdout.flush()
        stopped.wait()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m apps.payments.standin", description="A local Moyasar.")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--ledger", type=Path, required=True, help="the SQLite file that remembers everything")
    parser.add_argument("--secret-key", default=DEFAULT_SECRET_KEY)
    parser.add_argument("--webhook-url", help="where events are posted to")
    parser.add_argument("--webhook-secret", default="", help="sent as secret_token in every event")
    parser.add_argument("--webhook-copies", type=int, default=1, help="how often each event is sent")
    parser.add_argument("--retry-scale", type=float, default=RETRY_SCALE, help="1 keeps the gateway's waits")
    return parser


if __name__ == "__main__":
    sys.exit(main())
