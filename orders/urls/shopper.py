"""`/orders/…`: what a shopper bought."""

from django.urls import path

from orders.views import checkout

app_name = "track"
urlpatterns = [
    path("", checkout.mine, name="mine"),
    path("checkout/<slug:merchant>/", checkout.checkout, name="checkout"),
    path("<slug:number>/", checkout.track, name="order"),
    path("<slug:number>/pay/", checkout.pay, name="pay"),
    path("<slug:number>/cancel/", checkout.cancel, name="cancel"),
]
