"""`/hooks/…`: what media servers call."""

from django.urls import path

from livestream.views import hook

app_name = "hooks"
urlpatterns = [path("<slug:provider>/<slug:token>/", hook.hook, name="hook")]
