"""Every address of Guitai, by who asks."""

from django.conf import settings
from django.conf.urls.static import static
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("livestream.urls.shopper")),
    path("s/", include("merchants.urls.shopper")),
    path("orders/", include("orders.urls.shopper")),
    path("dashboard/", include("config.dashboard")),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("api/", include("config.api")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("", include("merchants.urls.platform")),
]
if settings.DEBUG:
    urlpatterns += static(settings.MEDIA_URL, document_root=settings.MEDIA_ROOT)
