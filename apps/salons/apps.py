from django.apps import AppConfig
from django.contrib.auth import get_user_model
from django.db.models.signals import post_delete, post_save
from django.utils.translation import gettext_lazy as _


class SalonsConfig(AppConfig):
    name = "apps.salons"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = _("Salons")

    def ready(self):
        from apps.accounts.erasure import add_erasure_part
        from apps.accounts.selectors import add_export_part
        from apps.common.api.kept import forget_kept
        from apps.salons import erasure
        from apps.salons.models import Review, Salon, Service, ServiceCategory, Staff, StaffService
        from apps.salons.selectors import own_cards, own_reviews
        from apps.salons.services import forget_pictures

        add_export_part("customer_cards", own_cards)
        add_export_part("reviews", own_reviews)
        add_erasure_part(erasure)
        for model in (Staff, Salon):
            post_delete.connect(forget_pictures, sender=model, dispatch_uid=f"pictures of {model.__name__}")
        # A courtesy to who saves and looks: what is written past the signals is seen a second later.
        for shown in (Salon, ServiceCategory, Service, Staff, StaffService, Review, get_user_model()):
            for signal in (post_save, post_delete):
                signal.connect(forget_kept, sender=shown, dispatch_uid=f"kept answers of {shown.__name__}")
