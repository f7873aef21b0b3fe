import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from project.bench import page
from project.bench.suites import SUITES, run
from project.demo.serving import end_on_signals


class Command(BaseCommand):
    help = "Measures goals as ratios to partners of the same run; exit 1 when an invariant breaks or a floor is missed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--suite", choices=SUITES, help="only this one (default: all)")
        parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds, for every change")
        parser.add_argument("--json", type=Path, metavar="FILE", help="write everything, absolute figures too")
        parser.add_argument("--docs", action="store_true", help="put the figures into docs/performance.md")
        parser.add_argument("--bookings", type=int, metavar="N", help="size of the large table of suite admin")
        parser.add_argument("--without-peer", action="store_true", help="leave django-appointment out")

    def handle(
        self, *, suite: str | None, quick: bool, without_peer: bool, bookings: int | None, **options: Any
    ) -> None:
        end_on_signals(exit_code=1)  # the scratch database goes, whatever ends us
        reports = []
        for name in [suite] if suite else SUITES:
            reports.append(report := run(name, quick=quick, with_peer=not without_peer, bookings=bookings))
            self.stdout.write(f"\nSuite {report.suite} on {report.engine}\n\n{report.table()}")
            if options["docs"]:
                page.write(report, is_quick=quick, order=list(SUITES))
        if options["json"]:
            found = json.dumps([report.as_json() for report in reports], indent=1, ensure_ascii=False)
            options["json"].write_text(found + "\n", encoding="utf-8")
        if broken := [row for report in reports for row in report.broken]:
            raise CommandError(f"{len(broken)} of the rows above do not hold.")
