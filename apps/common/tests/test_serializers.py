import pytest
from django.http import QueryDict
from django.utils import translation
from rest_framework import serializers

from apps.common.api.serializers import StrictSerializer


def refusals(body, language):
    with translation.override(language):
        serializer = StrictSerializer(data=body)
        serializer.is_valid()
        return {name: [(error.code, str(error)) for error in errors] for name, errors in serializer.errors.items()}


def test_a_body_of_null_is_refused_like_a_list_in_the_readers_language():
    english = "Invalid data. Expected a dictionary, but got NoneType."
    arabic = "معطيات غير صالحة. المتوقع هو قاموس، لكن المتحصل عليه NoneType."

    assert refusals(None, "en") == {"non_field_errors": [("invalid", english)]}
    assert refusals(None, "ar") == {"non_field_errors": [("invalid", arabic)]}


def test_an_empty_body_and_an_unknown_field_keep_their_answers():
    assert refusals({}, "en") == {}
    assert refusals({"x": None}, "en") == {"x": [("unknown_field", "This field is not known.")]}


class Everything(StrictSerializer):
    text = serializers.CharField(required=False)
    key = serializers.UUIDField(required=False)
    flag = serializers.BooleanField(required=False)
    number = serializers.IntegerField(required=False)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("text", [0, 1.5, True, [], {}]),
        ("key", [5, True, []]),
        ("flag", [0, 1, "true", "yes", []]),
        ("number", ["5", True, [], 1.5]),
    ],
)
def test_a_body_takes_each_value_as_the_schema_writes_it_only(name, values):
    codes = []
    for value in values:
        serializer = Everything(data={name: value})
        serializer.is_valid()
        codes += [error.code for error in serializer.errors[name]]

    assert codes == ["invalid"] * len(values)


def test_what_is_written_as_said_is_taken():
    key = "34c54643-7e49-49fa-9e35-582c5b294a2d"
    serializer = Everything(data={"text": "0", "key": key, "flag": False, "number": 5.0})

    assert serializer.is_valid()
    said = serializer.validated_data
    assert (said["text"], str(said["key"]), said["flag"], said["number"]) == ("0", key, False, 5)


def test_a_query_is_text_all_through():
    serializer = Everything(data=QueryDict("text=0&flag=true&number=5"))

    assert serializer.is_valid()
    assert serializer.validated_data == {"text": "0", "flag": True, "number": 5}
