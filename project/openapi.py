"""How the schema describes our sign-in; registered by being imported."""

from drf_spectacular.contrib.rest_framework_simplejwt import SimpleJWTScheme


class CustomerTokenScheme(SimpleJWTScheme):
    target_class = "apps.accounts.api.authentication.CustomerJWTAuthentication"
