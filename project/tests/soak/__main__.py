"""`python -m project.tests.soak --minutes 30`: soaks a database of its own, beside the one that DATABASE_URL names.

Prints its report as JSON; exit 1 when something does not hold.
"""

import argparse
import json
import os
import secrets
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import django

from project.demo.serving import end_on_signals
from project.tests.soak.installation import Installation


def main() -> int:
    options = _parser().parse_args()
    end_on_signals(exit_code=1)  # nothing that was started stays behind
    folder = options.folder or Path(tempfile.mkdtemp(prefix="soak-"))
    with ExitStack() as stack:
        installation = Installation(folder, stack, with_broker=options.broker, is_planted=options.planted)
        os.environ |= installation.environment(os.environ.get("DATABASE_URL", ""))
        django.setup()
        # What follows reads models and settings.
        from apps.common.testing.race import database_url
        from project.bench.database import scratch_database
        from project.tests.soak.run import soak

        if not options.here:
            stack.enter_context(scratch_database())
        os.environ["DATABASE_URL"] = database_url()
        report = soak(
            installation,
            seconds=options.minutes * 60,
            users=options.users,
            fault_every=options.fault_every,
            pause=options.pause,
            seed=options.seed,
        )
    text = json.dumps(report, indent=1, ensure_ascii=False)
    if options.json:
        options.json.write_text(text + "\n", encoding="utf-8")
    sys.stdout.write(f"{text}\n")
    return 1 if report["complaints"] else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m project.tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--users", type=int, default=20)
    parser.add_argument("--fault-every", type=float, default=20, metavar="SECONDS")
    parser.add_argument("--pause", type=float, default=1.5, metavar="SECONDS", help="of a person between two steps")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6), help="of what people and faults choose")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the report there, too")
    parser.add_argument("--folder", type=Path, help="where logs and the gateway's ledger go (default: a temporary one)")
    parser.add_argument("--broker", action="store_true", help="Redis and a Celery worker in the place of plain passes")
    parser.add_argument("--here", action="store_true", help="in the database of DATABASE_URL, migrated and empty")
    parser.add_argument("--planted", action="store_true", help="with planted bugs, which the run has to notice")
    return parser


if __name__ == "__main__":
    sys.exit(main())
