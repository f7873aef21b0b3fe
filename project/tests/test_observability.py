"""Dashboard, alerts and runbooks speak of what the product exposes, and of commands that exist."""

import json
import re
import shlex
from functools import cache

import promql_parser
import pytest
import yaml
from django.core.management import CommandError, get_commands, load_command_class
from django.urls import Resolver404, resolve
from prometheus_client import REGISTRY

from apps.common.events import subscriptions
from project import metrics
from project.env import BASE_DIR
from project.passes import PASSES
from project.tests.test_docs import DOCS, all_errors

RUNBOOKS = {page.stem: page for page in (DOCS / "runbooks").glob("*.md")}
SECTIONS = ["Symptom", "Meaning", "Look", "End it", "Prove it is over"]
GROUPS = yaml.safe_load((DOCS / "observability/alerts.yaml").read_text(encoding="utf-8"))["groups"]
ALERTS = {rule["alert"]: rule for group in GROUPS for rule in group["rules"]}
PANELS = json.loads((DOCS / "observability/dashboard.json").read_text(encoding="utf-8"))["panels"]
EXPRESSIONS = {
    **{f"alert {name}": rule["expr"] for name, rule in ALERTS.items()},
    **{f"panel {p['title']} {t['refId']}": t["expr"] for p in PANELS for t in p["targets"]},
}
SAMPLES = {"counter": ["_total"], "gauge": [""], "histogram": ["_bucket", "_count", "_sum"]}
# What Prometheus adds to every series itself.
ADDED = {"instance", "job"}
PROGRAMS = {"curl", "grep", "crontab"}

pytestmark = pytest.mark.django_db


@cache
def exposed():
    """`{series: names of its labels}` of everything `/metrics` shows of the product."""
    families = [(family, labels_of(family)) for family in REGISTRY.collect() if family.name.startswith("salon_")]
    families += [(family, family._labelnames) for family in metrics.Tables().collect()]
    return {
        f"{family.name}{ending}": {*labels, *(["le"] if ending == "_bucket" else [])}
        for family, labels in families
        for ending in SAMPLES[family.type]
    }


def labels_of(family):
    return REGISTRY._names_to_collectors[family.name]._labelnames


def known_values():
    return {
        "event": {event.__name__ for event in subscriptions()},
        "code": {error.code for error in all_errors()},
        "pass": {*PASSES, *metrics.NIGHTLY, "backup|restore_drill"},
        "step": {"requested", "sent", "unsent", "verified"},
        "outcome": {"ok", "refused", "failed", "no_answer"},
        "status": {*map(str, [*metrics.PAYMENTS, *metrics.REFUNDS, *metrics.WAITING]), "dead", "200", "500", "503"},
    }


def mistakes_of(expression):
    """What `expression` asks for that nobody tells. Raises ValueError where it is no PromQL."""
    nodes = []
    promql_parser.walk(promql_parser.parse(expression), pre_visit=lambda node: nodes.append(node))
    selectors = [getattr(node, "vector_selector", node) for node in nodes]
    selectors = {str(node): node for node in selectors if isinstance(node, promql_parser.VectorSelector)}.values()
    labels = set().union(*(exposed().get(selector.name, set()) for selector in selectors)) | ADDED
    found = [f"no metric {selector.name}" for selector in selectors if selector.name not in exposed()]
    for selector in selectors:
        for matcher in selector.matchers.matchers:
            if matcher.name not in exposed().get(selector.name, ()):
                found.append(f"no label {matcher.name} of {selector.name}")
            elif not any(re.fullmatch(matcher.value, value) for value in known_values()[matcher.name]):
                found.append(f"no {matcher.name} is {matcher.value}")
    grouped = [node.modifier for node in nodes if isinstance(node, promql_parser.AggregateExpr) and node.modifier]
    return found + [f"no label {name}" for by in grouped for name in by.labels if name not in labels]


@pytest.mark.parametrize("place", EXPRESSIONS)
def test_every_expression_asks_for_what_the_product_tells(place):
    assert mistakes_of(EXPRESSIONS[place]) == []


@pytest.mark.parametrize(
    ("expression", "mistakes"),
    [
        ("salon_outbox_overdu > 0", ["no metric salon_outbox_overdu"]),
        ('rate(salon_codes_total{stage="sent"}[5m])', ["no label stage of salon_codes_total"]),
        ('salon_codes_total{step="send"}', ["no step is send"]),
        ("sum by (salon) (rate(salon_codes_total[5m]))", ["no label salon"]),
        ("salon_codes", ["no metric salon_codes"]),
    ],
)
def test_control_a_wrong_name_is_noticed(expression, mistakes):
    assert mistakes_of(expression) == mistakes


def test_control_what_is_no_promql_is_noticed():
    with pytest.raises(ValueError, match="unclosed left parenthesis"):
        mistakes_of("sum by (code (rate(salon_refusals_total[5m]))")


def test_every_alert_has_one_runbook_and_every_runbook_one_alert():
    assert sorted(RUNBOOKS) == sorted(ALERTS)
    assert len(ALERTS) == sum(len(group["rules"]) for group in GROUPS)
    assert {name: rule["annotations"]["runbook_url"] for name, rule in ALERTS.items()} == {
        name: str(page.relative_to(BASE_DIR)) for name, page in RUNBOOKS.items()
    }
    assert {rule["labels"]["severity"] for rule in ALERTS.values()} <= {"page", "ticket"}


@pytest.mark.parametrize("name", RUNBOOKS)
def test_a_runbook_says_what_it_is_three_commands_the_end_and_the_proof(name):
    text = RUNBOOKS[name].read_text(encoding="utf-8")

    assert text.startswith(f"# {name}\n\n{ALERTS[name]['annotations']['summary']}.\n")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == SECTIONS
    assert len(commands_of(text)) == len(re.findall(r"^ +Expected: ", text, re.MULTILINE)) == 3


@pytest.mark.parametrize("name", RUNBOOKS)
def test_what_a_runbook_names_exists(name):
    text = RUNBOOKS[name].read_text(encoding="utf-8")

    for command in commands_of(text):
        ensure_exists(command)
    named = re.findall(r"salon_\w+", text)
    assert [name for name in named if not any(series.startswith(name) for series in exposed())] == []


@pytest.mark.parametrize(
    "command",
    [
        "uv run manage.py repair_everything",
        "uv run manage.py check_invariants --fix",
        "curl -s https://HOST/readyy",
        "rm",
    ],
)
def test_control_a_command_that_does_not_exist_is_noticed(command):
    with pytest.raises((AssertionError, KeyError, CommandError, Resolver404)):
        ensure_exists(command)


def commands_of(text):
    return [command.strip() for command in re.findall(r"```\n(.*?)```", text, re.DOTALL)]


def ensure_exists(command):
    """Parse `command` as its program would. Raises whatever is wrong with it."""
    words = shlex.split(command)
    if words[:3] == ["uv", "run", "manage.py"]:
        name, options = words[3], words[4:]
        load_command_class(get_commands()[name], name).create_parser("manage.py", name).parse_args(options)
        return
    assert words[0] in PROGRAMS, command
    for address in re.findall(r"https://HOST(/\S*)", command):
        resolve(address)
