"""Importing a list in Chromium: what is wrong, leaving it out, what would happen, and what came of it."""

import pytest
from django.urls import reverse

from apps.salons.models import Customer, ImportRun

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

FILE = "الجوال,الاسم,ملاحظات\n+966551234567,سارة,شاي\n12,خطأ,\n+966551234568,منى,قهوة\n".encode()


@pytest.mark.parametrize(
    ("language", "leave_out", "agree", "done"),
    [
        ("en", "Leave 1 row out and look again", "Import this", "Imported: 2 new, 0 changed, 0 the same, 1 left out."),
        (
            "ar",
            "استبعد صفًا واحدًا وعاين من جديد",
            "استورد هذا",
            "تم الاستيراد: الجديد 2، والمتغيّر 0، وبلا تغيير 0، والمستبعد 1.",
        ),
    ],
    ids=["english", "arabic"],
)
def test_a_list_with_an_error_is_imported_without_that_row(desk, people, language, leave_out, agree, done):
    desk.sign_in(people["manager"])
    desk.speak(language)
    desk.open(reverse("admin:salons_customer_import"))
    desk.page.set_input_files("[name=import_file]", {"name": "customers.csv", "mimeType": "text/csv", "buffer": FILE})
    desk.page.locator("form:has([name=import_file]) [type=submit]").click()

    row = desk.page.locator(".import-table tbody tr")
    row.wait_for()
    assert [text.strip() for text in row.locator("td").all_inner_texts()][:2] == ["3", "الجوال"]

    desk.press(leave_out)
    desk.page.locator(".import-count.is-new").wait_for()
    counts = desk.page.locator(".import-count b").all_inner_texts()
    assert counts == ["2", "0", "0", "0", "1"]
    desk.press(agree)
    desk.page.get_by_text(done).wait_for()

    assert Customer.objects.count() == 2
    assert ImportRun.objects.get().state == ImportRun.State.DONE
