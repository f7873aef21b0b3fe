from django.contrib import admin
from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from project import health
from project.admin_site.language import set_language
from project.metrics import metrics
from project.pictures import picture

urlpatterns = [
    path("admin/", admin.site.urls),
    path("i18n/setlang/", set_language, name="set_language"),
    path("api/v1/", include("project.api_urls")),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="docs"),
    re_path(r"^media/(?P<name>[0-9a-f]{32})\.webp$", picture, name="picture"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path("", include("apps.storefront.urls")),
]
handler400 = "project.error_pages.bad_request"
handler403 = "project.error_pages.permission_denied"
handler404 = "project.error_pages.not_found"
handler500 = "project.error_pages.server_error"
