"""The API's description of itself: complete, and true where it can be held against what the API does."""

import re

import pytest
from drf_spectacular.generators import SchemaGenerator
from jsonschema import Draft7Validator
from referencing import Registry
from referencing.jsonschema import DRAFT7

from apps.accounts.services import issue_tokens
from apps.accounts.tests.factories import UserFactory
from apps.bookings.errors import SlotTaken
from apps.common.api.exceptions import STATUS, answer_to
from apps.common.testing import refusals
from apps.salons.tests.factories import ReviewFactory, StaffServiceFactory
from project.tests.walls import inventory

METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture(scope="module")
def schema():
    return SchemaGenerator().get_schema(request=None, public=True)


@pytest.fixture(scope="module")
def operations(schema):
    """`{"GET /api/v1/salons/": operation, …}`."""
    paths = schema["paths"].items()
    return {f"{m.upper()} {path}": item[m] for path, item in paths for m in item if m in METHODS}


def nullable(node):
    """`node` of OpenAPI 3.0 as JSON Schema says the same."""
    if isinstance(node, list):
        return [nullable(item) for item in node]
    if not isinstance(node, dict):
        return node
    plain = {key: nullable(value) for key, value in node.items() if key != "nullable"}
    return {"anyOf": [plain, {"type": "null"}]} if node.get("nullable") is True else plain


@pytest.fixture(scope="module")
def faults(schema):
    """What is wrong with a value that claims to be of a schema."""
    whole = nullable({"components": schema["components"]})
    registry = Registry().with_resource("urn:api", DRAFT7.create_resource(whole))

    def find(part, value):
        text = nullable(part)
        found = Draft7Validator(
            _aimed(text), registry=registry, format_checker=Draft7Validator.FORMAT_CHECKER
        ).iter_errors(value)
        return [error.message for error in found]

    return find


def _aimed(node):
    """The same with references into the whole schema."""
    if isinstance(node, list):
        return [_aimed(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {key: f"urn:api{value}" if key == "$ref" else _aimed(value) for key, value in node.items()}


def bodies(operation):
    """`(where, schema, examples)` of every JSON body of an operation."""
    places = {"request": operation.get("requestBody", {}), **operation["responses"]}
    for where, place in places.items():
        if content := place.get("content", {}).get("application/json"):
            yield where, content["schema"], [shown["value"] for shown in content.get("examples", {}).values()]


def test_every_operation_says_what_it_does_in_a_sentence_and_belongs_to_a_described_group(schema, operations):
    described = {tag["name"] for tag in schema["tags"]}

    assert len(operations) == 28
    for name, operation in operations.items():
        assert 3 < len(operation["summary"]) <= 120, name
        assert operation["description"].startswith(operation["summary"]), name
        assert set(operation["tags"]) <= described, name


def test_every_body_has_examples_that_its_own_schema_accepts(operations, faults):
    for name, operation in operations.items():
        for where, part, examples in bodies(operation):
            assert examples, f"{name} shows no example of {where}"
            found = [faults(part, value) for value in examples]
            assert not any(found), (name, where, found)


def test_control_an_example_that_lies_is_found(operations, faults):
    ((_where, part, (shown,)),) = [
        body for body in bodies(operations["GET /api/v1/salons/{slug}/"]) if body[0] == "200"
    ]

    assert faults(part, shown) == []
    assert faults(part, {**shown, "review_count": "many"}) != []
    assert faults(part, {name: value for name, value in shown.items() if name != "slug"}) != []


def test_the_bodies_of_the_catalogue_are_what_the_schema_says(db, client, operations, faults):
    skill = StaffServiceFactory()
    ReviewFactory(salon=skill.salon, staff=skill.staff, service=skill.service)
    for path in ("", "{slug}/", "{slug}/services/", "{slug}/staff/", "{slug}/reviews/"):
        ((_where, part, _examples),) = [
            body for body in bodies(operations[f"GET /api/v1/salons/{path}"]) if body[0] == "200"
        ]
        body = client.get(f"/api/v1/salons/{path.format(slug=skill.salon.slug)}").json()
        assert faults(part, body) == []
        listed = part["$ref"].startswith("#/components/schemas/Paginated")
        assert (body["count"] == len(body["results"]) == 1) if listed else body["slug"] == skill.salon.slug


@pytest.mark.parametrize(("name", "value"), [("page", ""), ("page", "last"), ("page_size", ""), ("page_size", "x")])
@pytest.mark.parametrize("rows", ["services", "staff", "reviews"])
def test_whatever_a_list_takes_for_a_page_its_schema_allows(db, client, operations, faults, rows, name, value):
    salon = ReviewFactory().salon

    answer = client.get(f"/api/v1/salons/{salon.slug}/{rows}/", {name: value})

    parameters = operations[f"GET /api/v1/salons/{{slug}}/{rows}/"]["parameters"]
    (said,) = (parameter["schema"] for parameter in parameters if parameter["name"] == name)
    assert answer.status_code == 200
    assert faults(said, value) == []


@pytest.mark.parametrize(("name", "status"), [("a\x00b", 400), ("a\nب", 200), ("", 200)])
def test_a_text_that_is_refused_for_a_character_is_none_that_the_schema_allows(
    db, client, operations, faults, name, status
):
    bearer = {"Authorization": f"Bearer {issue_tokens(user=UserFactory()).access}"}

    answer = client.patch("/api/v1/me/", {"name": name}, content_type="application/json", headers=bearer)

    ((_where, part, _examples),) = [body for body in bodies(operations["PATCH /api/v1/me/"]) if body[0] == "request"]
    assert answer.status_code == status
    assert bool(faults(part, {"name": name})) == (status == 400)


@pytest.mark.parametrize(("key", "is_refused"), [("", True), ("k", False), ("k" * 128, False), ("k" * 129, True)])
def test_a_key_that_is_refused_for_its_length_is_none_that_the_schema_allows(
    db, client, operations, faults, key, is_refused
):
    headers = {"Authorization": f"Bearer {issue_tokens(user=UserFactory()).access}", "Idempotency-Key": key}

    answer = client.post("/api/v1/bookings/", {}, content_type="application/json", headers=headers)

    parameters = operations["POST /api/v1/bookings/"]["parameters"]
    (said,) = (parameter["schema"] for parameter in parameters if parameter["name"] == "Idempotency-Key")
    assert (answer.json()["errors"][0]["code"] == "idempotency_key_required") == is_refused
    assert bool(faults(said, key)) == is_refused


def test_every_refusal_stands_under_its_status_with_its_code_and_words(operations):
    seen = set()
    for operation in operations.values():
        for status, response in operation["responses"].items():
            shown = response.get("content", {}).get("application/json", {}).get("examples", {})
            for code, body in shown.items() if int(status) >= 400 else ():
                assert body["value"]["errors"][0]["code"] == code
                assert f"`{code}`" in response["description"]
                seen.add((int(status), code))

    assert {status for status, _code in seen} == {*STATUS.values(), 401, 406, 413, 415}
    assert {(409, "slot_taken"), (429, "otp_attempts_exhausted"), (422, "idempotency_key_reused")} <= seen


def test_what_may_be_tried_again_says_when(operations):
    for name, operation in operations.items():
        for status in {"429", "503"} & operation["responses"].keys():
            assert "Retry-After" in operation["responses"][status]["headers"], (name, status)


def test_every_operation_of_customers_is_described(operations):
    described = {re.sub(r"\{\w+\}", "{}", name.removeprefix("GET ")) for name in operations}
    for address in inventory.api_addresses():
        for method in inventory.OPERATIONS[address.name]:
            route = re.sub(r"<[^>]+>", "{}", f"/{address.route}")
            name = route if method == "GET" else f"{method} {route}"
            is_callback = address.name in ("webhook-twilio", "webhook-unifonic")
            assert (name in described) is not is_callback, name


def test_control_a_refusal_that_nobody_declared_fails_its_test(db, client):
    status, body = answer_to(SlotTaken())

    said = refusals.undescribed("/api/v1/salons/<slug:slug>/", "GET", status, body)
    known = refusals.undescribed("/api/v1/bookings/", "POST", status, body)
    assert (said, known) == (["GET /api/v1/salons/{}/ answered 409 slot_taken"], [])
