"""Every address of Guitai, by who asks."""

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from config.media import media
from merchants.views.icon import favicon

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("livestream.urls.shopper")),
    path("s/", include("merchants.urls.shopper")),
    path("orders/", include("orders.urls.shopper")),
    path("dashboard/", include("config.dashboard")),
    path("accounts/", include("merchants.urls.accounts")),
    path("admin/", admin.site.urls),
    path("api/", include("config.api")),
    path("hooks/", include("livestream.urls.server")),
    path("favicon.ico", favicon, name="favicon"),
    path("i18n/", include("django.conf.urls.i18n")),
    path("", include("merchants.urls.platform")),
]
if settings.DEBUG:
    urlpatterns.append(path(f"{settings.MEDIA_URL.lstrip('/')}<path:path>", media, name="media"))
