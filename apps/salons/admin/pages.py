"""What the catalogue's and the schedule's own pages share: the salon they are about, and their frame."""

from django.template.response import TemplateResponse
from django.urls import reverse

from apps.common.scope import salons_allowing


def chosen_salon(request, model, verb="view"):
    """The salon the address names, if `request` may `verb` rows of `model` there; else the first such, or None."""
    salons = salons_allowing(request, model, verb)
    asked = request.GET.get("salon")
    return next((salon for salon in salons if str(salon.pk) == asked), salons[0] if salons else None)


def own_page(model_admin, request, template, context):
    """A page of ours inside the admin's frame. `context` names its `title`."""
    options = model_admin.opts
    frame = {
        **model_admin.admin_site.each_context(request),
        "opts": options,
        "list_address": reverse(f"admin:{options.app_label}_{options.model_name}_changelist"),
        **context,
    }
    request.current_app = model_admin.admin_site.name
    return TemplateResponse(request, template, frame)
