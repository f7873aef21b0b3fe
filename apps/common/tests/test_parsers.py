import pytest
from django.utils import translation
from rest_framework.permissions import AllowAny
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from apps.common.api.parsers import BoundedJSONParser


class Echo(APIView):
    authentication_classes = []
    permission_classes = [AllowAny]
    parser_classes = [BoundedJSONParser]

    def post(self, request):
        return Response(request.data)


def post(body):
    return Echo.as_view()(APIRequestFactory().generic("POST", "/", body, content_type="application/json")).render()


@pytest.mark.parametrize(
    "body",
    [
        "[" * 100_000,
        "[" * 100_000 + "]" * 100_000,
        '{"a":' * 50_000,
        '"\\ud800"',
        '{"\\udfff": 1}',
        '["\\ud800\\ud800"]',
        "{",
        "NaN",
        b"\xff",
        "9" * 5000,
    ],
    ids=lambda body: f"{body[:12]!a}",
)
def test_a_body_nobody_can_carry_is_a_400(body):
    response = post(body)

    assert (response.status_code, response.data["errors"][0]["code"]) == (400, "parse_error")


@pytest.mark.parametrize("body", ["{", "NaN", b"\xff", "9" * 5000], ids=["open", "number", "bytes", "digits"])
def test_a_refusal_quotes_no_words_of_the_json_library(body):
    with translation.override("en"):
        english = post(body).data["errors"]
    with translation.override("ar"):
        arabic = post(body).data["errors"]

    assert english == [{"code": "parse_error", "detail": "Malformed request.", "attr": None}]
    assert arabic == [{"code": "parse_error", "detail": "صيغة الطلب غير صحيحة.", "attr": None}]


@pytest.mark.parametrize("body", ['{"name":"سارة"}', '"\\ud83d\\ude00"', "[[[[1.5]]]]", "12345678901234567890123"])
def test_every_other_body_arrives_as_sent(body):
    response = post(body)

    assert (response.status_code, response.content.decode()) == (200, body.replace("\\ud83d\\ude00", "😀"))
