"""The documentation says what the code does: links lead somewhere, names exist, tables equal what they describe.

`UPDATE_DOCS=1 uv run pytest project/tests/test_docs.py` writes the generated tables anew.
"""

import ast
import importlib
import inspect
import os
import re
from dataclasses import is_dataclass
from functools import cache
from itertools import pairwise

import pytest
from django.apps import apps
from django.core.management import get_commands, load_command_class
from django.utils.translation import override

from apps.accounts.errors import SignInEnded
from apps.accounts.roles import POLICY
from apps.common.api.exceptions import STATUS
from apps.common.errors import DomainError
from apps.common.events import subscriptions
from apps.notifications.admin.attempts import PROVIDER_NAMES
from project.env import BASE_DIR, DEMO_PASSWORD
from project.passes import PASSES
from project.tests.walls.inventory import BUTTONS, OPERATIONS, api_addresses

DOCS = BASE_DIR / "docs"
README = BASE_DIR / "README.md"
MAP = DOCS / "README.md"
PAGES = [README, *sorted(DOCS.rglob("*.md"))]
DECISIONS = sorted((DOCS / "adr").glob("*.md"))
COMMANDS = ["pip install uv && uv run manage.py demo", "pip install uv && uv run pytest"]
# Low to high, as the stack of apps stands.
APPS = ["common", "accounts", "salons", "bookings", "payments", "notifications"]
SECTIONS = ["Context", "Decision", "Why not", "Consequences", "Rules that keep it safe"]
LONGEST_DECISION = 70

LINK = re.compile(r"!?\[[^\]]*\]\((?!https?://)([^)#\s]*)(?:#([^)\s]*))?\)")
CODE_BLOCK = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
NAMED_PATH = re.compile(r"`((?:apps|project|docs|fixtures|locale|\.ci)/[\w./-]+)`")
NAMED_TEST = re.compile(r"(?<![\w/.])test_\w*[a-z0-9]\b(?!\.py)")


def name_of(path):
    return str(path.relative_to(BASE_DIR))


def text_of(path):
    return path.read_text(encoding="utf-8")


@cache
def sources():
    """`{path: text}` of our own Python files."""
    files = [*(BASE_DIR / "apps").rglob("*.py"), *(BASE_DIR / "project").rglob("*.py")]
    return {path: text_of(path) for path in files if "migrations" not in path.parts}


@cache
def product_sources():
    """Those without tests."""
    return {path: text for path, text in sources().items() if "tests" not in path.parts}


def module_of(path):
    return ".".join(path.relative_to(BASE_DIR).with_suffix("").parts).removesuffix(".__init__")


# --- Pages ---


@pytest.mark.parametrize("command", COMMANDS)
def test_the_readme_holds_the_commands_on_a_line_of_their_own(command):
    assert command in text_of(README).splitlines()


def test_the_readme_holds_the_demos_password():
    assert f"`{DEMO_PASSWORD}`" in text_of(README)


def test_the_readme_lists_every_command_of_ours_and_no_other():
    ours = {name for name, app in get_commands().items() if app == "project" or app.startswith("apps.")}

    listed = re.findall(r"^\| `manage\.py (\w+)", text_of(README), re.MULTILINE)

    assert sorted(listed) == sorted(ours)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_to_a_file_and_a_heading_that_exist(page):
    broken = []
    for target, anchor in LINK.findall(CODE_BLOCK.sub("", text_of(page))):
        file = (page.parent / target).resolve() if target else page
        if not file.exists() or (anchor and anchor not in anchors(file)):
            broken.append(f"{target}#{anchor}" if anchor else target)

    assert broken == []


def anchors(page):
    headings = re.findall(r"^#+ (.+)$", CODE_BLOCK.sub("", text_of(page)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_map_leads_to_every_page():
    linked = {(DOCS / target).resolve() for target, _anchor in LINK.findall(text_of(MAP)) if target}

    assert [name_of(page) for page in PAGES if page not in {README, MAP, *linked}] == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_files_and_tests_that_a_page_names_exist(page):
    text = text_of(page)
    files = [path for path in NAMED_PATH.findall(text) if not (BASE_DIR / path).exists()]
    tests = [name for name in NAMED_TEST.findall(text) if name not in named_tests()]

    assert files == []
    assert tests == []


@cache
def named_tests():
    return {name for text in sources().values() for name in re.findall(r"^def (test_\w+)\(", text, re.MULTILINE)}


def test_whoever_installs_and_operates_this_is_told_of_every_provider():
    names = [name for provider, name in PROVIDER_NAMES.items() if provider != "console"]

    for page in (README, DOCS / "operations.md", DOCS / "glossary.md"):
        assert [name for name in names if name not in text_of(page)] == [], name_of(page)


def test_every_requirement_of_the_security_page_is_one_row_with_a_test():
    rows = [line.strip("| ").split(" | ") for line in text_of(DOCS / "security.md").splitlines() if line[:2] == "| "]
    requirements = [row for row in rows if re.match(r"\d+\.\d+\.\d+", row[0])]
    numbers = [number for row in requirements for number in row[0].split(", ")]

    assert len(numbers) >= 30
    assert len(numbers) == len(set(numbers))
    assert [row for row in requirements if len(row) != 3 or not NAMED_TEST.search(row[2])] == []


# --- Tables that repeat what the code says ---


def ensure_table(page, name, header, rows):
    """Compare the marked table of `page` with the one made of `rows`; with UPDATE_DOCS, write it first."""
    lines = [header, ["---"] * len(header), *rows]
    wanted = "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)
    pattern = re.compile(rf"(<!-- table {name} -->\n)(.*?)(<!-- end of table -->)", re.DOTALL)
    if os.environ.get("UPDATE_DOCS"):
        page.write_text(
            pattern.sub(lambda found: f"{found[1]}\n{wanted}\n\n{found[3]}", text_of(page)), encoding="utf-8"
        )

    found = pattern.search(text_of(page))

    assert found is not None, f"{name_of(page)} has no table {name}"
    assert found[2].strip().splitlines() == wanted.splitlines(), f"{name_of(page)}: UPDATE_DOCS=1 writes the table anew"


def test_the_permissions_page_is_the_policy_table():
    labels = sorted({label for rights in POLICY.values() for label in rights}, key=position)
    rows = [
        [f"`{label}`", *(", ".join(f"{rights.get(label, '')}".split()) or "–" for rights in POLICY.values())]
        for label in labels
    ]

    ensure_table(DOCS / "permissions.md", "permissions", ["Model", *(str(role.value) for role in POLICY)], rows)


def test_the_permissions_page_says_what_every_button_and_every_call_needs():
    buttons = [[f"`{name}`", " and ".join(_in_words(right) for right in needed)] for name, needed in BUTTONS.items()]
    calls = [
        [f"`{method} /{address.route}`", OPERATIONS[address.name][method]]
        for address in api_addresses()
        for method in OPERATIONS[address.name]
    ]

    ensure_table(DOCS / "permissions.md", "buttons", ["Button", "Needs"], buttons)
    ensure_table(DOCS / "permissions.md", "calls", ["Call", "Who"], calls)


def _in_words(right):
    return " or ".join(f"`{choice}`" for choice in right.split("|"))


def position(label):
    app = label.split(".")[0]
    return APPS.index(app) if app in APPS else -1, label


def test_the_events_page_lists_every_event_with_who_tells_and_who_hears():
    rows = [
        [f"`{event.__name__}`", said(event), ", ".join(publishers(event.__name__)), ", ".join(hearers(event)) or "–"]
        for app in APPS
        for event in events_of(app)
    ]

    assert rows != []
    ensure_table(DOCS / "events.md", "events", ["Event", "What happened", "Published by", "Heard by"], rows)


def events_of(app):
    """Event classes of an app in the order of its file."""
    if not (BASE_DIR / f"apps/{app}/events.py").exists():
        return []
    module = importlib.import_module(f"apps.{app}.events")
    own = [item for item in vars(module).values() if is_dataclass(item) and item.__module__ == module.__name__]
    return sorted(own, key=lambda item: inspect.getsourcelines(item)[1])


def said(thing):
    return " ".join((inspect.getdoc(thing) or "").split("\n\n")[0].split())


def publishers(event):
    """Functions that call `publish(Event(…))`."""
    found = []
    for path, text in product_sources().items():
        if f"{event}(" not in text:
            continue
        for function in ast.walk(ast.parse(text)):
            if isinstance(function, ast.FunctionDef) and f"publish({event}(" in ast.unparse(function):
                found.append(f"`{module_of(path).removeprefix('apps.')}.{function.name}`")
    return sorted(found)


def hearers(event):
    return [
        f"`{handler.__module__.removeprefix('apps.')}.{handler.__name__}` ({'required' if required else 'optional'})"
        for handler, required in subscriptions().get(event, [])
        if ".tests." not in handler.__module__
    ]


def test_the_errors_page_lists_every_code_with_its_status_and_words():
    with override("en"):
        rows = sorted({*declared_errors(), *errors_made_in_place()}, key=lambda row: (position(row[0]), row[1:]))

    shown = [[app, f"`{code}`", status, f"`{name}`", words] for app, code, status, name, words in rows]
    ensure_table(DOCS / "errors.md", "errors", ["App", "Code", "HTTP", "Class", "English words"], shown)


def declared_errors():
    for error in all_errors():
        yield error.__module__.split(".")[1], error.code, status_of(error), error.__name__, str(error.message)


@cache
def all_errors():
    """Every class of error of the product, the kinds included, the common root not."""
    for path, text in product_sources().items():
        if re.search(r"^class \w+\(.*(Error|Rejected|Forbidden|Missing|Conflict|Unavailable)\)", text, re.MULTILINE):
            importlib.import_module(module_of(path))
    found, waiting = [], [DomainError]
    while waiting:
        for error in waiting.pop().__subclasses__():
            waiting.append(error)
            if ".tests." not in error.__module__:
                found.append(error)
    return found


def status_of(error):
    if issubclass(error, SignInEnded):
        return "401"
    return str(next(status for kind, status in STATUS.items() if issubclass(error, kind)))


def errors_made_in_place():
    """`Rejected(_("words"), code="…")`: a code without a class of its own."""
    known = {error.__name__: error for error in all_errors()}
    for path, text in product_sources().items():
        for call in ast.walk(ast.parse(text)) if "code=" in text else ():
            if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in known):
                continue
            code = next((keyword.value for keyword in call.keywords if keyword.arg == "code"), None)
            if isinstance(code, ast.Constant) and call.args and isinstance(call.args[0], ast.Call):
                error = known[call.func.id]
                words = ast.literal_eval(call.args[0].args[0])
                yield path.relative_to(BASE_DIR).parts[1], code.value, status_of(error), error.__name__, words


def test_the_operations_page_lists_every_pass_with_its_rhythm():
    rows = [[f"`{name}`", f"{every.total_seconds():.0f} s", help_of(name)] for name, every in PASSES.items()]

    ensure_table(DOCS / "operations.md", "passes", ["Pass", "Beat runs it every", "Does"], rows)


def help_of(command):
    return load_command_class(get_commands()[command], command).help


# --- Decisions ---


@pytest.mark.parametrize("page", DECISIONS, ids=name_of)
def test_a_decision_has_its_lines_and_sections_and_fits_a_page(page):
    lines = text_of(page).splitlines()
    head, headings = lines[:6], [line.removeprefix("## ") for line in lines if line.startswith("## ")]

    assert re.fullmatch(r"# \S.*", head[0])
    assert re.fullmatch(r"Status: (Accepted|Superseded by \[\d{4}\]\(\S+\))", head[2])
    assert re.fullmatch(r"Date: \d{4}-\d{2}-\d{2}", head[3])
    assert re.fullmatch(r"Tags: [a-z0-9-]+(, [a-z0-9-]+)*", head[4])
    assert headings == SECTIONS
    assert all(filled(lines, section) for section in SECTIONS)
    assert len(lines) <= LONGEST_DECISION


def filled(lines, section):
    start = lines.index(f"## {section}")
    return any(line and not line.startswith("#") for line in lines[start + 1 : start + 3])


def test_decisions_are_numbered_without_a_gap():
    numbers = [int(re.fullmatch(r"(\d{4})-[a-z0-9-]+\.md", page.name)[1]) for page in DECISIONS]

    assert numbers[0] == 1
    assert all(after == before + 1 for before, after in pairwise(numbers))


# --- Words ---


def glossary():
    """Rows of the glossary: term, Arabic, meaning, not called."""
    rows = [line.strip("| ").split(" | ") for line in text_of(DOCS / "glossary.md").splitlines() if line[:2] == "| "]
    return [row for row in rows if row[0] not in {"Term", "---"}]


def test_the_glossary_begins_with_the_clash_of_services():
    assert [row[0] for row in glossary()[:2]] == ["**Service** (`salons.Service`)", "**services** (the module)"]


def test_every_term_has_arabic_a_meaning_and_what_it_is_not_called():
    incomplete = [row for row in glossary() if len(row) != 4 or not all(row) or not has_arabic(row[1])]

    assert incomplete == []


def has_arabic(text):
    return re.search("[\u0621-\u064a]", text) is not None or text == "–"


def test_the_glossary_calls_every_model_as_the_arabic_pages_do():
    said_there = {label[1]: row[1] for row in glossary() if (label := re.search(r"`(\w+\.\w+)`", row[0]))}

    with override("ar"):
        named = {model._meta.label: str(model._meta.verbose_name) for model in models_of_ours()}

    assert said_there == named, "docs/glossary.md: one row for each model, with its Arabic `verbose_name`"


def test_the_architecture_names_every_model():
    text = text_of(DOCS / "architecture.md")

    unnamed = [model.__name__ for model in models_of_ours() if not re.search(rf"\b{model.__name__}\b", text)]
    assert unnamed == [], "docs/architecture.md: name them in the diagram, or below it"


def models_of_ours():
    models = [model for app in [*APPS, "project"] for model in apps.get_app_config(app).get_models()]
    return [model for model in models if not model.__name__.startswith("Historical")]
