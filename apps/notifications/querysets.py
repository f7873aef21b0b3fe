from apps.salons.querysets import SalonQuerySet


class NotificationQuerySet(SalonQuerySet):
    def due(self, now):
        """Messages to send now: pending or failed ones whose moment has come, and those a dead sender left behind."""
        states = [self.model.Status.PENDING, self.model.Status.FAILED]
        waiting = self.filter(status__in=states, due_at__lte=now, attempts__lt=self.model.MAX_ATTEMPTS)
        return waiting | self.filter(status=self.model.Status.SENDING, leased_until__lte=now)
