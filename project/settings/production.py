"""Production: secrets, hosts and addresses come from the environment and are checked at start."""

from datetime import timedelta

from project.env import Profile, process_variables, read_environment
from project.settings.base import *
from project.settings.environment import environment_settings

environment = read_environment(Profile.PRODUCTION, process_variables())
values = environment_settings(environment)
globals().update(values)

STATIC_ROOT = COLLECTED_STATIC_FILES
STORAGES = {**values["STORAGES"], "staticfiles": HASHED_STATIC_FILES}
CSRF_TRUSTED_ORIGINS = [environment.public_base_url]
CSRF_COOKIE_SECURE = True
SESSION_COOKIE_SECURE = True
LANGUAGE_COOKIE_SECURE = True
SECURE_SSL_REDIRECT = True
# A load balancer asks these over plain http from inside the network.
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds())
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
if environment.trusted_proxy_count:
    # Without a proxy in front a client could write this header itself.
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
