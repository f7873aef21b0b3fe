"""WSGI entry point; production unless ``DJANGO_SETTINGS_MODULE`` says otherwise."""

import os

from django.core.wsgi import get_wsgi_application
from django.db.backends.signals import connection_created

from project.statement_limit import limit_statements

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings.production")
application = get_wsgi_application()
connection_created.connect(limit_statements)
