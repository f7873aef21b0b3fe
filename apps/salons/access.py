"""Walls between salons: which rows a person reaches, and Django's permission questions answered from the policy."""

from functools import partial

from django.contrib.auth.backends import ModelBackend
from django.db.models import Q

from apps.accounts.roles import OWN_ROWS_ONLY, PERMISSIONS, PlatformRole, SalonRole, allows
from apps.accounts.services import guarded_password
from apps.common.network import UNKNOWN, network_of
from apps.common.phones import normalize_phone
from apps.common.reader import SEE_PHONES


def _platform_roles(user):
    def read():
        # A group that happens to be called like a role of a salon gives nothing.
        return set(user.groups.filter(name__in=PlatformRole.values).values_list("name", flat=True))

    return _remembered(user, "platform_roles", read)


def _memberships(user):
    """`[(salon id, role), …]` of active memberships, read once per request (the user object lives as long)."""

    def read():
        active = user.memberships.filter(is_active=True, salon__is_active=True)
        return list(active.values_list("salon_id", "role"))

    return _remembered(user, "salon_roles", read)


def _remembered(user, name, read):
    if not hasattr(user, name):
        setattr(user, name, read())
    return getattr(user, name)


def has_role(user):
    """Whether the person works here: for the platform, in a salon, or as somebody customers book."""
    if user.is_superuser or user.groups.exists() or user.memberships.filter(is_active=True).exists():
        return True
    return user.staff_entries.filter(is_active=True).exists()


def _salons_sharing_phones(user):
    """Salons that let their stylists see phones and in which `user` is one."""

    def read():
        active = user.memberships.filter(is_active=True, salon__is_active=True, role=SalonRole.STYLIST)
        return set(active.filter(salon__stylists_see_phones=True).values_list("salon_id", flat=True))

    return _remembered(user, "salons_sharing_phones", read)


def forget_roles(user):
    """Drop what this user object remembers of its roles, after they were changed."""
    for name in ("platform_roles", "salon_roles", "salons_sharing_phones"):
        if hasattr(user, name):
            delattr(user, name)


def reaches_all_salons(user, permission):
    """Whether `user` holds `permission` for every salon: the owner, or a role of the platform."""
    if not user.is_active or user.is_anonymous:
        return False
    return user.is_superuser or any(allows(role, permission) for role in _platform_roles(user))


def salon_ids(user, permission):
    """Ids of salons in which a membership (not limited to own rows) gives `user` this `permission`."""
    if not user.is_active or user.is_anonymous:
        return []
    return [salon for salon, role in _memberships(user) if role not in OWN_ROWS_ONLY and allows(role, permission)]


def showing_phones_to(user, *, salon="salon"):
    """The rows whose phones `user` sees whole, as a Q. `salon` is the lookup of the row's salon."""
    if reaches_all_salons(user, SEE_PHONES):
        return Q()
    return Q(**{f"{salon}__in": {*salon_ids(user, SEE_PHONES), *_salons_sharing_phones(user)}})


def visible_rows(queryset, user, *, salon="salon", own=None):
    """Rows of `queryset` that `user` may view.

    `salon` is the lookup of the row's salon, `own` that of the person it belongs to.
    """
    meta = queryset.model._meta
    permission = f"{meta.app_label}.view_{meta.model_name}"
    if reaches_all_salons(user, permission):
        return queryset
    if not user.is_active or user.is_anonymous:
        return queryset.none()
    reachable = Q(**{f"{salon}__in": salon_ids(user, permission)})
    if own:
        limited = [s for s, role in _memberships(user) if role in OWN_ROWS_ONLY and allows(role, permission)]
        reachable |= Q(**{f"{salon}__in": limited, own: user})
    return queryset.filter(reachable)


class RoleBackend(ModelBackend):
    """Signs in by phone and password, and answers `has_perm` from roles. Django's permission rows are not consulted."""

    def authenticate(self, request, username=None, password=None, **kwargs):
        """The active person with this phone (any spelling) and password, else None; RateLimited after many guesses."""
        check = partial(super().authenticate, request, username=username, password=password, **kwargs)
        phone = normalize_phone(username)
        if phone is None:
            return check()
        network = network_of(request) if request is not None else UNKNOWN
        return guarded_password(phone=phone, network=network, check=check)

    def has_perm(self, user_obj, perm, obj=None):
        if not user_obj.is_active or user_obj.is_anonymous:
            return False
        if reaches_all_salons(user_obj, perm):
            return True
        shared = _salons_sharing_phones(user_obj) if perm == SEE_PHONES else ()
        if obj is None:
            return bool(shared) or any(allows(role, perm) for _salon, role in _memberships(user_obj))
        salon = getattr(obj, "salon_id", None) or (obj.pk if obj._meta.label == "salons.Salon" else None)
        if salon in shared:
            return True
        roles = [role for salon_id, role in _memberships(user_obj) if salon_id == salon and allows(role, perm)]
        if not roles or any(role not in OWN_ROWS_ONLY for role in roles):
            return bool(roles)
        return type(obj)._default_manager.visible_to(user_obj).filter(pk=obj.pk).exists()

    def has_module_perms(self, user_obj, app_label):
        return any(perm.startswith(f"{app_label}.") for perm in self.get_all_permissions(user_obj))

    def get_all_permissions(self, user_obj, obj=None):
        if not user_obj.is_active or user_obj.is_anonymous:
            return set()
        roles = _platform_roles(user_obj) | {role for _salon, role in _memberships(user_obj)}
        return set().union(*(PERMISSIONS.get(role, ()) for role in roles))
