from django.contrib.admin.apps import AdminConfig


class SalonAdminConfig(AdminConfig):
    """Takes the place of ``django.contrib.admin`` so that every model registers on our own site."""

    default_site = "project.admin_site.site.SalonAdminSite"
