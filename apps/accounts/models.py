import uuid

from django.apps import apps
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.accounts.querysets import AccountQuerySet, UserManager
from apps.common.fields import PhoneField
from apps.common.models import Tracked, tracked_history
from apps.common.network import NETWORK_LENGTH
from apps.common.phones import mask_phone


class User(AbstractBaseUser, PermissionsMixin):
    """A person, known by a phone number: customer, stylist, manager or owner. Example: +966551234567, Sara.

    Rights come from roles (`apps.accounts.roles`), never from rows of Django's permission table.
    """

    class Locale(models.TextChoices):
        ARABIC = "ar", _("Arabic")
        ENGLISH = "en", _("English")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    phone = PhoneField(
        _("phone"), unique=True, error_messages={"unique": _("A person with this phone exists already.")}
    )
    name = models.CharField(_("name"), max_length=160, blank=True)
    locale = models.CharField(_("language"), max_length=2, choices=Locale.choices, default=Locale.ARABIC)
    marketing_consent = models.BooleanField(_("agrees to promotional messages"), default=False)
    is_active = models.BooleanField(_("may sign in"), default=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    erased_at = models.DateTimeField(_("erased at"), null=True, blank=True, editable=False)

    USERNAME_FIELD = "phone"

    objects = UserManager()
    # A sign-in or a changed password hash is no business fact, and a hash has no place in a readable table.
    history = tracked_history(excluded_fields=["password", "last_login"])

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering = ["phone"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(phone__startswith="+"),
                name="accounts_user_phone_e164",
                violation_error_code="phone_invalid",
                violation_error_message=_("Enter a valid phone number, for example 0551234567 or +966551234567."),
            )
        ]

    def __str__(self):
        if self.erased_at is not None:
            return gettext("erased person")
        # Names stand in lists, logs and messages, also before people who may not see phones.
        return self.name or mask_phone(self.phone)

    def get_full_name(self):
        return str(self)

    def get_short_name(self):
        return self.name.split(" ")[0] or str(self)

    @property
    def is_staff(self):
        """Whether this person has any role that opens the back office."""
        return self.has_perm("accounts.enter_backoffice")


class OtpChallenge(models.Model):
    """One code sent to one phone for one purpose. The code itself is never stored, only its keyed hash."""

    class Purpose(models.TextChoices):
        SIGN_IN = "sign_in", _("sign in")
        CHANGE_PHONE = "change_phone", _("change of phone")

    class Channel(models.TextChoices):
        SMS = "sms", _("SMS")
        WHATSAPP = "whatsapp", _("WhatsApp")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    phone = PhoneField(_("phone"))
    purpose = models.CharField(_("purpose"), max_length=16, choices=Purpose.choices, default=Purpose.SIGN_IN)
    channel = models.CharField(_("channel"), max_length=16, choices=Channel.choices, default=Channel.SMS)
    network = models.CharField(_("network"), max_length=NETWORK_LENGTH, blank=True)
    code_hmac = models.CharField(max_length=64, blank=True, editable=False)
    # Where a provider makes and checks the code itself: who, and under which number of theirs.
    held_by = models.CharField(_("code held by"), max_length=16, blank=True)
    provider_reference = models.CharField(max_length=64, blank=True, editable=False)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires at"))
    used_at = models.DateTimeField(_("used at"), null=True, blank=True)
    superseded_at = models.DateTimeField(_("replaced at"), null=True, blank=True)

    objects = AccountQuerySet.as_manager()

    class Meta:
        verbose_name = _("sign-in code")
        verbose_name_plural = _("sign-in codes")
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["phone", "-created_at"], name="accounts_otp_by_phone"),
            models.Index(fields=["-created_at", "-id"], name="accounts_otp_newest"),
        ]
        constraints = [
            models.CheckConstraint(condition=models.Q(attempts__lte=5), name="accounts_otp_at_most_5_attempts"),
        ]

    def __str__(self):
        return mask_phone(self.phone)


class PhoneGuard(models.Model):
    """What happened to codes and passwords of one phone when they came from one network (an address range).

    Failures in a row survive new codes, so guessing stays limited; a success makes the network a known one of this
    phone, and strangers elsewhere can no longer keep its owner out.
    """

    phone = PhoneField(_("phone"))
    network = models.CharField(_("network"), max_length=NETWORK_LENGTH)
    consecutive_failures = models.PositiveIntegerField(_("failures in a row"), default=0)
    locked_until = models.DateTimeField(_("locked until"), null=True, blank=True)
    succeeded_at = models.DateTimeField(_("last success"), null=True, blank=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    objects = AccountQuerySet.as_manager()

    class Meta:
        verbose_name = _("phone lock")
        verbose_name_plural = _("phone locks")
        ordering = ["-updated_at", "-id"]
        indexes = [models.Index(fields=["-updated_at", "-id"], name="accounts_guard_latest")]
        constraints = [models.UniqueConstraint(fields=["phone", "network"], name="accounts_guard_once_per_network")]

    def __str__(self):
        return mask_phone(self.phone)


class LimitCounter(models.Model):
    """How much of a limit is used up in the window that began at `starts_at` (see `apps.accounts.limits`)."""

    key = models.CharField(max_length=128)
    starts_at = models.DateTimeField()
    used = models.PositiveIntegerField()

    class Meta:
        verbose_name = _("used limit")
        verbose_name_plural = _("used limits")
        constraints = [models.UniqueConstraint(fields=["key", "starts_at"], name="accounts_limit_once_per_window")]

    def __str__(self):
        return f"{self.key}: {self.used}"


class TokenFamily(models.Model):
    """One sign-in of one person: the chain of refresh tokens that grew from it. Only the newest one is good."""

    class Ending(models.TextChoices):
        SIGNED_OUT = "signed_out", _("signed out")
        REUSED = "reused", _("an old token was used again")
        PHONE_CHANGED = "phone_changed", _("the phone number changed")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="token_families", verbose_name=_("person"))
    network = models.CharField(_("network"), max_length=NETWORK_LENGTH, blank=True)
    current_jti_hash = models.CharField(max_length=64, editable=False)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires at"))
    revoked_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    revoked_reason = models.CharField(_("reason"), max_length=64, choices=Ending.choices, blank=True)

    objects = AccountQuerySet.as_manager()

    class Meta:
        verbose_name = _("signed-in device")
        verbose_name_plural = _("signed-in devices")
        ordering = ["-created_at", "-id"]
        indexes = [models.Index(fields=["-created_at", "-id"], name="accounts_family_newest")]

    def __str__(self):
        return f"{self.user} · {self.created_at:%Y-%m-%d}"


class IdempotencyKey(models.Model):
    """What a customer's request with this key was and what it was answered, so that a repeat changes nothing."""

    user = models.ForeignKey(User, models.CASCADE, related_name="idempotency_keys", verbose_name=_("person"))
    key = models.CharField(_("key"), max_length=128)
    method = models.CharField(_("request method"), max_length=8)
    path = models.CharField(_("address"), max_length=255)
    body_hash = models.CharField(max_length=64, editable=False)
    response_status = models.PositiveSmallIntegerField(_("answer"), null=True, blank=True)
    response_body = models.JSONField(null=True, blank=True, editable=False)
    locked_until = models.DateTimeField(_("running until"), null=True, blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    objects = AccountQuerySet.as_manager()

    class Meta:
        verbose_name = _("idempotency key")
        verbose_name_plural = _("idempotency keys")
        ordering = ["-created_at", "-id"]
        indexes = [models.Index(fields=["-created_at", "-id"], name="accounts_idem_newest")]
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="accounts_idempotency_key_once_per_person")]

    def __str__(self):
        return self.key


class DataRequest(Tracked):
    """A person's request under the data protection law: a copy of their data, or its erasure. Due within 30 days."""

    class Kind(models.TextChoices):
        EXPORT = "export", _("copy of the data")
        ERASURE = "erasure", _("erasure")

    class Status(models.TextChoices):
        OPEN = "open", _("open")
        DONE = "done", _("done")
        REFUSED = "refused", _("refused")

    class Source(models.TextChoices):
        APP = "app", _("in the app")
        PHONE = "phone", _("by phone")
        WRITING = "writing", _("in writing")
        SALON = "salon", _("at the salon")

    user = models.ForeignKey(User, models.PROTECT, related_name="data_requests", verbose_name=_("person"))
    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices)
    status = models.CharField(_("status"), max_length=16, choices=Status.choices, default=Status.OPEN)
    due_on = models.DateField(_("due on"))
    note = models.TextField(_("note"), blank=True)
    source = models.CharField(_("asked"), max_length=16, choices=Source.choices, default=Source.APP)
    extension_reason = models.TextField(_("why it takes longer"), blank=True)
    answer = models.TextField(_("answer"), blank=True, help_text=_("What the person is told."))
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True)

    objects = AccountQuerySet.as_manager()

    class Meta:
        verbose_name = _("data request")
        verbose_name_plural = _("data requests")
        ordering = ["-created_at", "-id"]
        indexes = [models.Index(fields=["-created_at", "-id"], name="accounts_request_newest")]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "kind"],
                condition=models.Q(status="open"),
                name="accounts_data_request_one_open",
                violation_error_code="already_requested",
                violation_error_message=_("There is an open request of this kind already."),
            )
        ]

    def __str__(self):
        return f"{self.get_kind_display()} · {self.user}"


class Consent(models.Model):
    """One yes or no of a person to a use of their data, kept for good: the newest one counts. Rows are only added.

    It covers every channel, because messages of the purpose are not told apart by theirs.
    """

    class Purpose(models.TextChoices):
        MARKETING = "marketing", _("promotional messages")

    class Source(models.TextChoices):
        APP = "app", _("in the app")
        DESK = "desk", _("entered by the owner")
        IMPORT = "import", _("known before records were kept")
        ERASURE = "erasure", _("erasure of the person's data")
        MERGE = "merge", _("taken over from another card of the person")

    user = models.ForeignKey(User, models.PROTECT, related_name="consents", verbose_name=_("person"))
    purpose = models.CharField(_("purpose"), max_length=16, choices=Purpose.choices, default=Purpose.MARKETING)
    is_granted = models.BooleanField(_("agreed"))
    source = models.CharField(_("said"), max_length=16, choices=Source.choices)
    actor = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("entered by")
    )
    given_at = models.DateTimeField(_("said at"), auto_now_add=True)

    objects = AccountQuerySet.as_manager()

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        ordering = ["-given_at", "-pk"]

    def __str__(self):
        return self.get_purpose_display()


class ExportLog(models.Model):
    """One file with data that left the back office, or one copy of a person's data. Rows are only added."""

    actor = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("exported by"))
    model_label = models.CharField(_("what"), max_length=64)
    file_format = models.CharField(_("format"), max_length=8)
    filters = models.TextField(_("filters"), blank=True, help_text=_("As in the address of the list."))
    row_count = models.PositiveIntegerField(_("rows"))
    salons = models.TextField(_("salons"), blank=True)
    person = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="copies", verbose_name=_("data of")
    )
    network = models.CharField(_("network"), max_length=NETWORK_LENGTH, blank=True)
    exported_at = models.DateTimeField(_("exported at"), auto_now_add=True)

    objects = AccountQuerySet.as_manager()

    class Meta:
        verbose_name = _("exported file")
        verbose_name_plural = _("exported files")
        ordering = ["-exported_at", "-pk"]
        indexes = [models.Index(fields=["-exported_at", "-id"], name="accounts_export_newest")]

    def __str__(self):
        return f"{self.what} · {self.file_format}"

    @property
    def what(self):
        """What the file was about, as its list is called."""
        if self.person_id:
            return _("copy of personal data")
        return apps.get_model(self.model_label)._meta.verbose_name_plural
