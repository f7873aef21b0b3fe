from django.db import migrations


def record_known_consents(apps, schema_editor):
    """Who agreed before records were kept gets their first one, so that every present yes has its record."""
    people, consent = apps.get_model("accounts", "User"), apps.get_model("accounts", "Consent")
    agreed = people.objects.filter(marketing_consent=True).values_list("pk", flat=True)
    consent.objects.bulk_create(
        (consent(user_id=pk, purpose="marketing", is_granted=True, source="import") for pk in agreed.iterator()),
        batch_size=1000,
    )


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_privacy")]

    operations = [migrations.RunPython(record_known_consents, migrations.RunPython.noop)]
