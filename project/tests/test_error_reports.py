"""What leaves for the error reports."""

from project.error_reports import scrubbed


def test_a_report_holds_no_phone_wherever_its_texts_come_from():
    event = {
        "level": "error",
        "exception": {"values": [{"type": "IntegrityError", "value": "Key (phone)=(+966551234567) already exists."}]},
        "breadcrumbs": {"values": [{"message": "GET /?q=0551234567", "data": {"count": 7}}]},
    }

    assert scrubbed(event, {}) == {
        "level": "error",
        "exception": {"values": [{"type": "IntegrityError", "value": "Key (phone)=([phone …67]) already exists."}]},
        "breadcrumbs": {"values": [{"message": "GET /?q=[phone …67]", "data": {"count": 7}}]},
    }


def test_a_refused_request_is_no_error():
    assert scrubbed({"logger": "django.security.DisallowedHost", "message": "x"}, {}) is None
