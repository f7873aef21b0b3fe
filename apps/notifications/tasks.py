from celery import shared_task

from apps.notifications import services


@shared_task
def deliver_notification(notification_id: int) -> None:
    """Send one message. The broker is a hint: a lost task waits for the next pass, a repeated one does nothing."""
    services.deliver(notification_id)
