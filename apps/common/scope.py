"""Which rows and salons a request reaches. Everything the admin shows or accepts is measured here."""

from django.core.exceptions import FieldDoesNotExist, SuspiciousOperation, ValidationError

LARGEST_KEY = 2**63 - 1


def visible_rows(model, user):
    """Rows of `model` that `user` may view. A model without `visible_to` (Django's own) is seen whole or not at all."""
    manager = model._default_manager
    if hasattr(manager, "visible_to"):
        return manager.visible_to(user)
    meta = model._meta
    return manager.all() if user.has_perm(f"{meta.app_label}.view_{meta.model_name}") else manager.none()


def salon_model(model):
    """The salon model when `model` belongs to a salon by its `salon` column, else None."""
    try:
        return model._meta.get_field("salon").related_model
    except FieldDoesNotExist:
        return None


def visible_salons(request, salon_class):
    """The salons this request reaches, read once per request."""
    if not hasattr(request, "visible_salons"):
        request.visible_salons = list(visible_rows(salon_class, request.user))
    return request.visible_salons


def salons_allowing(request, model, verb):
    """Salons in which the user may `verb` rows of `model`; the same person may be manager here, receptionist there."""
    meta = model._meta
    permission = f"{meta.app_label}.{verb}_{meta.model_name}"
    salons = visible_salons(request, salon_model(model))
    return [salon for salon in salons if request.user.has_perm(permission, model(salon=salon))]


def salon_id_of(row, salon_class):
    """Id of the salon a row belongs to; a salon belongs to itself. None for no row, or a row of no salon."""
    return row.pk if isinstance(row, salon_class) else getattr(row, "salon_id", None)


def ensure_keys(model, keys):
    """Refuse (400) primary keys that are none, before the database chokes on them."""
    for key in keys:
        try:
            value = model._meta.pk.to_python(key)
        except ValidationError as error:
            raise SuspiciousOperation("A selected key is not one of this table.") from error
        if isinstance(value, int) and abs(value) > LARGEST_KEY:
            raise SuspiciousOperation("A selected key is larger than any of this table.")
