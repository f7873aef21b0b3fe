"""For `collectstatic` while an image is built: the static files of production without its secrets."""

from django.conf import global_settings

from project.settings.demo import *

STATIC_ROOT = COLLECTED_STATIC_FILES
STORAGES = {**global_settings.STORAGES, "staticfiles": HASHED_STATIC_FILES}
