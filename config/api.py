"""Addresses of the second door."""

from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.routers import SimpleRouter

from livestream.api.room import RoomViewSet
from merchants.api.product import ProductViewSet
from orders.api.order import OrderViewSet

router = SimpleRouter()
router.register("products", ProductViewSet, "product")
router.register("rooms", RoomViewSet, "room")
router.register("orders", OrderViewSet, "order")

app_name = "api"
urlpatterns = [
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", SpectacularSwaggerSplitView.as_view(url_name="api:schema"), name="docs"),
    path("v1/merchants/<slug:merchant>/", include(router.urls)),
]
