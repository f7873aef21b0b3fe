"""Pictures of people and salons: a new file first, then the row, then the old file goes."""

from functools import partial
from uuid import uuid4

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from apps.common.errors import Forbidden, Missing
from apps.common.history import save_as
from apps.common.pictures import rewritten
from apps.common.transactions import use_case
from apps.salons.models import Salon, Staff

# Longest side in pixels.
SIZES = {(Staff, "photo"): 512, (Salon, "logo"): 512, (Salon, "cover"): 1600}


def change_picture(*, actor, row, field, content, reason=""):
    """Give `row` (a Staff or Salon) the picture `content` (bytes as uploaded, None for none) as its `field`.

    The file that is replaced is removed once the change is stored. Raises: Missing, Forbidden; Rejected
    `picture_too_large` or `picture_invalid`.
    """
    size = SIZES[type(row), field]
    # Decoding and writing hold no lock.
    name = "" if content is None else _stored(rewritten(content, longest=size))
    try:
        return _name_picture(actor=actor, row=row, field=field, name=name, reason=reason)
    except BaseException:
        _remove(name)
        raise


@use_case
def _name_picture(*, actor, row, field, name, reason):
    model = type(row)
    locked = model.objects.select_for_update(of=("self",), no_key=True).filter(pk=row.pk).first()
    if locked is None:
        raise Missing
    if not actor.has_perm(f"salons.change_{model._meta.model_name}", locked):
        raise Forbidden

    old = getattr(locked, field).name
    if old == name:
        return locked
    setattr(locked, field, name)
    save_as(locked, actor=actor, reason=reason, update_fields=[field])
    transaction.on_commit(partial(_remove, old), robust=True)
    return locked


def forget_pictures(instance, **kwargs):
    """The files of a row that is gone go with it. Called after the deletion of a Staff or Salon."""
    fields = [field for model, field in SIZES if isinstance(instance, model)]
    for name in [getattr(instance, field).name for field in fields]:
        transaction.on_commit(partial(_remove, name), robust=True)


def _stored(picture):
    return default_storage.save(f"{uuid4().hex}.webp", ContentFile(picture))


def _remove(name):
    if name:
        default_storage.delete(name)
