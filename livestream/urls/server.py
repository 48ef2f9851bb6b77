"""`/hooks/…`: what media servers call."""

from django.urls import path

from livestream.views import hook

app_name = "hooks"
urlpatterns = [
    path("seen/<slug:stream>/", hook.seen, name="seen"),
    path("<slug:provider>/<slug:token>/", hook.hook, name="hook"),
]
