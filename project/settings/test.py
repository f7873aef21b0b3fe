"""The tests: the environment decides the database and nothing else, so no shell can change a result."""

import os

from project.env import VAR_DIR, LogFormat, Profile, read_environment
from project.settings.base import *
from project.settings.databases import database_file_for_tests
from project.settings.environment import environment_settings
from project.settings.logging import logging_settings

given = {name: value for name, value in os.environ.items() if name == "DATABASE_URL"}
values = environment_settings(read_environment(Profile.TEST, given))
if values["DATABASES"]["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # A file, because races are tested over several connections.
    values["DATABASES"]["default"]["TEST"] = {"NAME": database_file_for_tests(VAR_DIR)}
else:
    # One plan for any value is what a busy connection ends with; a test would never come that far.
    options = values["DATABASES"]["default"]["OPTIONS"]
    options["options"] += " -c plan_cache_mode=force_generic_plan"
    options["prepare_threshold"] = 0
# What production would write is read, see the class, and written nowhere.
values["LOGGING"] = logging_settings(LogFormat.JSON)
values["LOGGING"]["handlers"]["console"]["class"] = "apps.common.testing.leaks.LeakWatch"
values["ALLOWED_HOSTS"] = [*values["ALLOWED_HOSTS"], "testserver"]
globals().update(values)

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
MEDIA_ROOT = VAR_DIR / "media-of-tests"
# Django's live server looks into it, although it need not be there.
STATIC_ROOT = COLLECTED_STATIC_FILES
# Looks a file up when it is asked for; every test client would otherwise list all of them.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
