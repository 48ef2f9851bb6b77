"""`/s/<merchant>/…`: the shop as its customers see it."""

from django.urls import path

from merchants.views import app, shop

app_name = "shop"
urlpatterns = [
    path("<slug:merchant>/", shop.front, name="front"),
    path("<slug:merchant>/app.webmanifest", app.manifest, name="manifest"),
    path("<slug:merchant>/p/<slug:product>/", shop.product, name="product"),
]
