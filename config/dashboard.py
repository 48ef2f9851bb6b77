"""Addresses of the dashboard: `/dashboard/` and `/dashboard/<merchant>/…`."""

from django.urls import include, path

from merchants.views import home

urlpatterns = [
    path("", home.entry, name="dashboard"),
    path("new/", home.new_merchant, name="new_merchant"),
    path("<slug:merchant>/", include("merchants.urls.dashboard")),
    path("<slug:merchant>/", include("orders.urls.dashboard")),
    path("<slug:merchant>/", include("livestream.urls.dashboard")),
]
