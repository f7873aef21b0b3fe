from django.db.models import Q

from apps.salons.querysets import SalonQuerySet


class NotificationQuerySet(SalonQuerySet):
    def due(self, now):
        """Messages to send now: pending or failed ones whose moment has come, and those a dead sender left behind."""
        states = self.model.Status
        waiting = Q(status__in=[states.PENDING, states.FAILED], due_at__lte=now, attempts__lt=self.model.MAX_ATTEMPTS)
        left_behind = Q(status=states.SENDING, leased_until__lte=now)
        # In the words of the index, without which SQLite would read the whole table.
        return self.filter(status__in=[states.PENDING, states.FAILED, states.SENDING]).filter(waiting | left_behind)
