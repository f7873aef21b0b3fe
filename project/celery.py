"""The Celery application, used only where ``CELERY_BROKER_URL`` is set.

The schedule starts the same passes as ``manage.py tick``; a lost or repeated message changes nothing.
"""

import os

from celery import Celery
from django_structlog.celery.steps import DjangoStructLogInitStep

from project.passes import PASSES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings.production")

app = Celery("project")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
# The lines of a task hold its id and that of the request which caused it.
app.steps["worker"].add(DjangoStructLogInitStep)
app.conf.beat_schedule = {
    name: {
        "task": "project.tasks.run_pass",
        "schedule": every,
        "args": [name],
        # A worker that comes back late runs each pass once and not once per missed beat.
        "options": {"expires": every.total_seconds()},
    }
    for name, every in PASSES.items()
}
