#!/usr/bin/env python3
"""Plants small faults, one at a time, in the code that guards money, visits, people and walls; the tests must notice.

uv run --group mutation python .ci/mutation.py                  every part, going on where the last run stopped
uv run --group mutation python .ci/mutation.py money walls      these parts
uv run --group mutation python .ci/mutation.py --fresh money    without what earlier runs found out

Fails when fewer than 90 % of a file's faults were noticed. Everything happens in copies under `var/mutation/`; each
part is a directory there in which `mutmut browse` works. `--record` writes the figures to `docs/mutation.json`.
"""

import argparse
import ast
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / "var" / "mutation"
RECORD = ROOT / "docs" / "mutation.json"
COPIED = ("apps", "project", "docs", "fixtures", "locale", "manage.py", ".env.example")
# Collecting garbage to find unraisable errors takes longer than most tests.
PYTEST = [
    *("-p", "apps.common.testing.mutation", "-p", "no:unraisableexception", "-p", "no:cacheprovider"),
    *("-n", "0", "--hypothesis-seed=0"),
]
FLOOR = 90
NOTICED = {"killed", "timeout"}


@dataclass(frozen=True)
class Part:
    """Files in which faults are planted, and the tests that should notice them (whole paths, as pytest takes them)."""

    files: tuple[str, ...]
    tests: tuple[str, ...]


PARTS = {
    "money": Part(("apps/common/money.py",), ("apps/common/tests/test_money.py",)),
    "figures": Part(
        ("apps/common/phones.py", "apps/payments/tax.py"),
        (
            "apps/common/tests/test_money.py",
            "apps/common/tests/test_phones.py",
            "apps/payments/tests/test_tax_arithmetic.py",
        ),
    ),
    "terms": Part(
        ("apps/bookings/availability.py", "apps/bookings/policies.py"),
        ("apps/bookings/tests/test_availability.py", "apps/bookings/tests/test_policies.py"),
    ),
    "visits": Part(
        (
            "apps/bookings/services/placing.py",
            "apps/bookings/services/room.py",
            "apps/bookings/services/terms.py",
        ),
        (
            "apps/bookings/tests/test_services.py",
            "apps/bookings/tests/test_steps.py",
            "apps/bookings/tests/test_changed_visits.py",
            "apps/bookings/tests/test_walk_ins.py",
            "apps/bookings/tests/test_guests.py",
            "apps/bookings/tests/test_durations.py",
            "apps/bookings/tests/test_cases.py",
            "apps/bookings/tests/test_api.py",
            "apps/bookings/tests/test_admin_desk.py",
        ),
    ),
    "steps": Part(
        ("apps/bookings/services/moving.py", "apps/bookings/services/steps.py"),
        (
            "apps/bookings/tests/test_services.py",
            "apps/bookings/tests/test_steps.py",
            "apps/bookings/tests/test_changed_visits.py",
            "apps/bookings/tests/test_stale_pages.py",
            "apps/bookings/tests/test_durations.py",
            "apps/bookings/tests/test_moving.py",
            "apps/bookings/tests/test_length_dialog.py",
            "apps/bookings/tests/test_cases.py",
        ),
    ),
    "holds": Part(
        ("apps/bookings/services/holds.py",),
        ("apps/bookings/tests/test_holds.py", "apps/bookings/tests/test_cases.py"),
    ),
    "verdicts": Part(("apps/payments/verdicts.py",), ("apps/payments/tests/test_verdicts.py",)),
    "walls": Part(
        ("apps/common/scope.py", "apps/salons/access.py"),
        (
            "apps/salons/tests/test_access.py",
            "apps/bookings/tests/test_walls.py",
            "apps/accounts/tests/test_guards.py",
        ),
    ),
    "people": Part(
        ("apps/accounts/limits.py", "apps/accounts/services/codes.py", "apps/accounts/services/guards.py"),
        (
            "apps/accounts/tests/test_codes.py",
            "apps/accounts/tests/test_code_holders.py",
            "apps/accounts/tests/test_code_requests.py",
            "apps/accounts/tests/test_guards.py",
            "apps/accounts/tests/test_held_codes.py",
            "apps/accounts/tests/test_limits.py",
            "project/tests/test_metrics.py",
        ),
    ),
    "devices": Part(
        ("apps/accounts/services/tokens.py", "apps/accounts/services/second_factor.py"),
        (
            "apps/accounts/tests/test_api.py",
            "apps/accounts/tests/test_second_factor.py",
            "apps/accounts/tests/test_tokens.py",
        ),
    ),
    "taking": Part(
        ("apps/payments/services/payments.py",),
        (
            "apps/payments/tests/test_arrival.py",
            "apps/payments/tests/test_desk.py",
            "apps/payments/tests/test_payments.py",
            "apps/payments/tests/test_till.py",
            "apps/payments/tests/test_wallets.py",
        ),
    ),
    "webhooks": Part(
        ("apps/payments/services/webhooks.py",),
        (
            "apps/payments/tests/test_webhook_door.py",
            "apps/payments/tests/test_webhook_effects.py",
            "apps/payments/tests/test_webhook_pages.py",
            "apps/payments/tests/test_webhooks.py",
        ),
    ),
    "reviews": Part(
        ("apps/payments/services/reviews.py", "apps/payments/services/till.py"),
        (
            "apps/payments/tests/test_leftovers.py",
            "apps/payments/tests/test_reviews.py",
            "apps/payments/tests/test_till.py",
        ),
    ),
    "arrival": Part(
        ("apps/payments/services/arrival.py",),
        (
            "apps/payments/tests/test_arrival.py",
            "apps/payments/tests/test_leftovers.py",
            "apps/payments/tests/test_returns.py",
            "apps/payments/tests/test_reviews.py",
            "apps/payments/tests/test_wallets.py",
            "apps/payments/tests/test_webhook_orders.py",
        ),
    ),
    "sending": Part(
        ("apps/payments/services/sending.py",),
        (
            "apps/payments/tests/test_arrival.py",
            "apps/payments/tests/test_divergences.py",
            "apps/payments/tests/test_refund_decisions.py",
            "apps/payments/tests/test_refund_external.py",
            "apps/payments/tests/test_refund_outcomes.py",
            "apps/payments/tests/test_refund_voids.py",
            "apps/payments/tests/test_refunds.py",
            "apps/payments/tests/test_returns.py",
        ),
    ),
    "comparing": Part(
        ("apps/payments/services/reconciliation.py", "apps/payments/services/findings.py"),
        ("apps/payments/tests/test_reconciliation.py", "apps/payments/tests/test_settlements.py"),
    ),
    "resolving": Part(
        ("apps/payments/services/resolving.py",),
        (
            "apps/payments/tests/test_arrival.py",
            "apps/payments/tests/test_leftovers.py",
            "apps/payments/tests/test_payments.py",
            "apps/payments/tests/test_reviews.py",
            "apps/payments/tests/test_wallets.py",
            "apps/payments/tests/test_webhook_orders.py",
        ),
    ),
    "requests": Part(
        ("apps/accounts/services/requests.py", "apps/accounts/services/phone.py"),
        (
            "apps/accounts/tests/test_api.py",
            "apps/accounts/tests/test_phone_change.py",
            "project/tests/test_consents.py",
            "project/tests/test_data_requests.py",
            "project/tests/test_erasure.py",
        ),
    ),
    "reads": Part(
        ("apps/accounts/selectors.py", "apps/payments/selectors.py"),
        (
            "apps/accounts/tests/test_second_factor.py",
            "apps/payments/tests/test_api.py",
            "apps/payments/tests/test_arrival.py",
            "apps/payments/tests/test_leftovers.py",
            "apps/payments/tests/test_payments.py",
            "apps/payments/tests/test_refund_outcomes.py",
            "apps/payments/tests/test_refund_voids.py",
            "apps/payments/tests/test_returns.py",
            "apps/payments/tests/test_wallets.py",
            "project/tests/test_data_requests.py",
            "project/tests/test_erasure.py",
            "project/tests/test_own_data.py",
        ),
    ),
    "refunds": Part(
        ("apps/payments/services/decisions.py", "apps/payments/services/refunds.py"),
        (
            "apps/payments/tests/test_leftovers.py",
            "apps/payments/tests/test_refund_decisions.py",
            "apps/payments/tests/test_refund_outcomes.py",
            "apps/payments/tests/test_refund_proof.py",
            "apps/payments/tests/test_refunds.py",
            "apps/payments/tests/test_returns.py",
            "apps/payments/tests/test_reviews.py",
        ),
    ),
}


def main() -> int:
    options = arguments()
    for name in options.parts:
        tree = WORK / name
        if options.fresh:
            shutil.rmtree(tree, ignore_errors=True)
        prepare(tree, PARTS[name])
        forget_survivors(tree)
        # One at a time: the tests of all faults use the test database of the process that loaded everything.
        command = [sys.executable, "-m", "mutmut", "run", "--max-children", "1"]
        subprocess.run(command, cwd=tree, env=environment(), check=True)
    figures = {name: dict(figures_of(WORK / name, PARTS[name])) for name in options.parts}
    if options.record:
        record(figures)
    return report(figures)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--fresh", action="store_true")
    parser.add_argument("--record", action="store_true")
    options = parser.parse_args()
    if unknown := {*options.parts} - {*PARTS}:
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    options.parts = options.parts or list(PARTS)
    return options


def environment() -> dict[str, str]:
    sys.path.insert(0, str(ROOT))
    from apps.common.testing.template import fingerprint

    kept = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "PYTEST_ADDOPTS"}}
    return kept | {"STATE_OF_THE_CHECKOUT": fingerprint(ROOT)}


# --- The copy ---


def prepare(tree: Path, part: Part) -> None:
    """Bring the copy up to date. An unchanged file keeps its time, by which mutmut knows what it has judged already."""
    for source in files_of_the_project():
        name = str(source.relative_to(ROOT))
        content = source.read_bytes()
        if name in part.files:
            content = unfold_decorators(content.decode()).encode()
        write_if_changed(tree / name, content)
    settings = (ROOT / "pyproject.toml").read_text() + tool_settings(part)
    write_if_changed(tree / "pyproject.toml", settings.encode())
    var = tree / "mutants" / "var"
    if not var.exists():
        var.parent.mkdir(exist_ok=True)
        var.symlink_to(ROOT / "var")


def files_of_the_project() -> Iterator[Path]:
    for name in COPIED:
        place = ROOT / name
        inside = place.rglob("*") if place.is_dir() else [place]
        yield from (file for file in inside if file.is_file() and not {"node_modules", "__pycache__"} & {*file.parts})


def write_if_changed(file: Path, content: bytes) -> None:
    if not file.exists() or file.read_bytes() != content:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)


def tool_settings(part: Part) -> str:
    values = {
        "source_paths": ["apps"],
        "only_mutate": part.files,
        "also_copy": COPIED[1:],
        "pytest_add_cli_args": PYTEST,
        "pytest_add_cli_args_test_selection": part.tests,
        # Nobody works in the copy: its commit tells nothing.
        "use_git_change_detection": False,
        "on_dependency_change": "ignore",
    }
    lines = (f"{name} = {json.dumps(value)}" for name, value in values.items())
    return "\n".join(["", "[tool.mutmut]", *lines, ""])


def unfold_decorators(source: str) -> str:
    """`@d` above `def f` as `f = d(f)` below it, which is the same: mutmut leaves decorated functions alone."""
    lines = source.splitlines()
    for function in reversed(decorated_functions(ast.parse(source))):
        indent = " " * function.col_offset
        call = function.name
        for decorator in reversed(function.decorator_list):
            call = f"{ast.unparse(decorator)}({call})"
        lines.insert(function.end_lineno or function.lineno, f"{indent}{function.name} = {call}")
        first = function.decorator_list[0].lineno - 1
        del lines[first : function.lineno - 1]
    return "\n".join(lines) + "\n"


def decorated_functions(module: ast.Module) -> list[ast.FunctionDef]:
    """Those of the module and of its classes, in order."""
    places = [module, *(node for node in module.body if isinstance(node, ast.ClassDef))]
    functions = [node for place in places for node in place.body if isinstance(node, ast.FunctionDef)]
    return sorted((function for function in functions if function.decorator_list), key=lambda node: node.lineno)


# --- What came out ---


def statuses_of(tree: Path, file: str) -> dict[str, int | None]:
    return json.loads((tree / "mutants" / f"{file}.meta").read_text())["exit_code_by_key"]


def forget_survivors(tree: Path) -> None:
    """A fault that nobody noticed is planted again: perhaps there is a test for it now."""
    from mutmut.stats import status_by_exit_code

    for meta in tree.glob("mutants/apps/**/*.meta"):
        kept = json.loads(meta.read_text())
        codes = kept["exit_code_by_key"]
        kept["exit_code_by_key"] = {
            name: code if status_by_exit_code[code] in NOTICED else None for name, code in codes.items()
        }
        meta.write_text(json.dumps(kept))


def figures_of(tree: Path, part: Part) -> Iterator[tuple[str, Counter[str]]]:
    """How many faults of each file ended how."""
    from mutmut.stats import status_by_exit_code

    for file in part.files:
        yield file, Counter(status_by_exit_code[code] for code in statuses_of(tree, file).values())


def score(counts: Counter[str]) -> float:
    """Percent of the planted faults that a test noticed, by failing or by not coming to an end."""
    return 100 * sum(counts[status] for status in NOTICED) / counts.total()


def report(figures: dict[str, dict[str, Counter[str]]]) -> int:
    below = 0
    for name, files in figures.items():
        for file, counts in files.items():
            below += score(counts) < FLOOR
            sys.stdout.write(f"{score(counts):6.1f} % of {counts.total():4}  {name}: {file}  {dict(counts)}\n")
    if below:
        sys.stderr.write(f"{below} files are below {FLOOR} %.\n")
    return min(below, 1)


def record(figures: dict[str, dict[str, Counter[str]]]) -> None:
    known = json.loads(RECORD.read_text())["files"] if RECORD.exists() else {}
    today = datetime.now(UTC).date().isoformat()
    for name, files in figures.items():
        for file, counts in files.items():
            noticed = sum(counts[status] for status in NOTICED)
            known[file] = {"part": name, "planted": counts.total(), "noticed": noticed, "on": today}
    told = {"command": "uv run --group mutation python .ci/mutation.py --record", "files": dict(sorted(known.items()))}
    RECORD.write_text(json.dumps(told, indent=2) + "\n")


if __name__ == "__main__":
    sys.exit(main())
