from django.utils import translation

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
