from django.apps import AppConfig
from django.contrib.auth import user_logged_in
from django.db.models.signals import post_migrate, post_save, pre_delete
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "apps.accounts"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = _("Accounts")

    def ready(self):
        from apps.accounts.handlers import log_export
        from apps.common.events import RowsExported, subscribe

        subscribe(RowsExported, log_export)
        post_migrate.connect(create_platform_groups, sender=self)
        # A sign-in must not rewrite the person (and add a history row); `note_last_login` keeps the time without that.
        user_logged_in.disconnect(dispatch_uid="update_last_login")
        user_logged_in.connect(note_last_login, dispatch_uid="note_last_login")
        # Here, because a person changes through many doors and each of them may end what they are signed in to.
        post_save.connect(forget_remembered_sign_ins, sender="accounts.User")
        pre_delete.connect(forget_remembered_sign_ins, sender="accounts.User")
        from apps.accounts.sessions import note_sign_in

        user_logged_in.connect(note_sign_in, dispatch_uid="note_sign_in")


def create_platform_groups(using, **kwargs):
    """The groups that give the platform's roles exist on every database, freshly migrated or flushed."""
    from django.contrib.auth.models import Group

    from apps.accounts.roles import PlatformRole

    for name in PlatformRole.values:
        Group.objects.using(using).get_or_create(name=name)


def note_last_login(user, **kwargs):
    from django.utils import timezone

    type(user)._base_manager.filter(pk=user.pk).update(last_login=timezone.now())


def forget_remembered_sign_ins(instance, *, created=False, **kwargs):
    from apps.accounts.services import forget_sign_ins

    if not created:
        forget_sign_ins(instance)
