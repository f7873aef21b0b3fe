"""A provider of e-invoicing that answers what a test tells it to."""

from django.db import connection

from apps.payments.einvoicing import Answer, ReportOutcome

PROVIDER = f"{__name__}.ScriptedProvider"
SOMETHING = "not a class"


class ScriptedProvider:
    """Gives `answers` one after the other (an exception is raised, a function called), then accepts everything."""

    answers: list = []
    reported: list = []

    def report(self, document):
        opened = [block for block in connection.atomic_blocks if not block._from_testcase]
        assert not opened, "the tax authority was called inside a transaction"
        self.reported.append(document.uuid)
        answer = self.answers.pop(0) if self.answers else ReportOutcome(Answer.ACCEPTED, reference="R-1")
        if callable(answer):
            answer = answer()
        if isinstance(answer, BaseException):
            raise answer
        return answer
