"""Saving so that history can say who, when and why, whichever door the change came through."""


def save_as(instance, *, actor, reason="", update_fields=None):
    """Save `instance` with `actor` (a User, or None for a job) and `reason` on its history row.

    `update_fields` names the changed fields only; `updated_at` is kept in step.
    """
    instance._history_user = actor
    instance._change_reason = reason
    instance.save(update_fields={*update_fields, "updated_at"} if update_fields is not None else None)
    return instance
