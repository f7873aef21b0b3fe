from celery import shared_task
from django.core.management import call_command

from project.passes import PASSES


@shared_task
def run_pass(name: str) -> None:
    """Run one periodic pass; an unknown name raises, so that a forged message runs no other command."""
    if name not in PASSES:
        raise ValueError(f"{name} is not a periodic pass")
    call_command(name)
