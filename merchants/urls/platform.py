"""Addresses that belong to no shop: health, invitations, and what a person prefers."""

from django.conf import settings
from django.urls import path

from merchants.views import app, health, invitation, preference, style, terms

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("join/<str:token>/", invitation.join, name="join"),
    path("app.webmanifest", app.manifest, name="manifest"),
    path("offline/", app.offline, name="offline"),
    path("terms/", terms.terms, name="terms"),
    path("privacy/", terms.privacy, name="privacy"),
    path("theme/", preference.choose_theme, name="theme"),
    path("keys/", preference.choose_keys, name="shortcuts"),
]
if settings.DEBUG:
    urlpatterns.append(path("kit/", style.kit, name="kit"))
