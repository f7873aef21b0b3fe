from django.db import migrations, models

import apps.common.fields

NETWORK_LENGTH = 43


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="LimitCounter",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=128)),
                ("starts_at", models.DateTimeField()),
                ("used", models.PositiveIntegerField()),
            ],
            options={
                "verbose_name": "used limit",
                "verbose_name_plural": "used limits",
                "constraints": [
                    models.UniqueConstraint(fields=("key", "starts_at"), name="accounts_limit_once_per_window")
                ],
            },
        ),
        migrations.AddField(
            "otpchallenge",
            "network",
            models.CharField(blank=True, max_length=NETWORK_LENGTH, verbose_name="network", default=""),
            preserve_default=False,
        ),
        migrations.AddField(
            "otpchallenge",
            "held_by",
            models.CharField(blank=True, max_length=16, verbose_name="code held by", default=""),
            preserve_default=False,
        ),
        migrations.AddField(
            "otpchallenge",
            "provider_reference",
            models.CharField(blank=True, editable=False, max_length=64, default=""),
            preserve_default=False,
        ),
        migrations.AlterField("otpchallenge", "code_hmac", models.CharField(blank=True, editable=False, max_length=64)),
        migrations.AddField(
            "tokenfamily",
            "network",
            models.CharField(blank=True, max_length=NETWORK_LENGTH, verbose_name="network", default=""),
            preserve_default=False,
        ),
        migrations.AddField(
            "phoneguard",
            "network",
            models.CharField(max_length=NETWORK_LENGTH, verbose_name="network", default="unknown"),
            preserve_default=False,
        ),
        migrations.AddField(
            "phoneguard", "succeeded_at", models.DateTimeField(blank=True, null=True, verbose_name="last success")
        ),
        migrations.AddField(
            "phoneguard",
            "updated_at",
            models.DateTimeField(auto_now=True, verbose_name="updated at"),
        ),
        migrations.AlterField(
            "phoneguard", "phone", apps.common.fields.PhoneField(max_length=20, verbose_name="phone")
        ),
        migrations.AlterModelOptions(
            "phoneguard",
            {"ordering": ["phone", "network"], "verbose_name": "phone lock", "verbose_name_plural": "phone locks"},
        ),
        migrations.AddConstraint(
            "phoneguard", models.UniqueConstraint(fields=("phone", "network"), name="accounts_guard_once_per_network")
        ),
    ]
