from itertools import islice

from django.db import migrations

BATCH = 1000
# What was said of a call whose answer was lost, or whose sender died.
IN_DOUBT = ("the provider gave no clear answer, it may have been sent", "sending failed for a reason of our own")


def remember_calls(apps, schema_editor):
    """What was sent and not reported yet is found by its provider's number, what is in doubt is not sent blindly."""
    messages = apps.get_model("notifications", "Notification").objects.all()
    sent = messages.filter(status="sent").exclude(provider_message_id="")
    in_doubt = [messages.filter(status="failed", reason__startswith=words) for words in IN_DOUBT]
    for status, rows in (
        ("sent", sent),
        ("begun", messages.filter(status="sending")),
        *(("in_doubt", r) for r in in_doubt),
    ):
        _write(apps.get_model("notifications", "DeliveryAttempt"), status, rows)


def _write(attempts, status, messages):
    calls = (
        attempts(
            salon_id=message.salon_id,
            notification_id=message.pk,
            provider=message.provider,
            provider_message_id=message.provider_message_id,
            status=status,
            started_at=message.sent_at or message.updated_at,
            ended_at=None if status == "begun" else message.sent_at or message.updated_at,
        )
        for message in messages.iterator()
    )
    while batch := list(islice(calls, BATCH)):
        attempts.objects.bulk_create(batch)


class Migration(migrations.Migration):
    # Apart from the tables: PostgreSQL makes no index on a table whose rows have just been written.
    dependencies = [("notifications", "0003_message_settings_and_attempts")]

    operations = [migrations.RunPython(remember_calls, migrations.RunPython.noop, elidable=True)]
