"""`/` and `/live/<room>/…`: what a shopper watches."""

from django.urls import path

from livestream.views import cart, clip, draw, follow, say, share, watch

app_name = "watch"
urlpatterns = [
    path("", watch.discover, name="discover"),
    path("live/nickname/", watch.nickname, name="nickname"),
    path("live/of/<slug:merchant>/", watch.strip, name="strip"),
    path("live/of/<slug:merchant>/clip/<slug:product>/", clip.clip, name="clip"),
    path("live/of/order/<slug:number>/", clip.promise, name="promise"),
    path("live/<slug:room>/", watch.room, name="room"),
    path("live/<slug:room>/say/", say.page, name="say"),
    path("live/<slug:room>/shelf/", watch.shelf_fragment, name="shelf"),
    path("live/<slug:room>/shelf/<int:item>/", watch.product, name="product"),
    path("live/<slug:room>/cart/", cart.cart, name="cart"),
    path("live/<slug:room>/checkout/", watch.checkout, name="checkout"),
    path("live/<slug:room>/drops/<slug:drop>/", watch.drop, name="drop"),
    path("live/<slug:room>/drops/<slug:drop>/claim/", watch.claim, name="claim"),
    path("live/<slug:room>/drops/<slug:drop>/lots.txt", watch.lots, name="drop_lots"),
    path("live/of/<slug:merchant>/follow/", follow.follow, name="follow"),
    path("live/<slug:room>/draws/<slug:draw>/", draw.page, name="draw"),
    path("live/<slug:room>/draws/<slug:draw>/sheet/", draw.sheet, name="draw_sheet"),
    path("live/<slug:room>/draws/<slug:draw>/enter/", draw.take_part, name="draw_enter"),
    path("live/<slug:room>/draws/<slug:draw>/claim/", draw.claim, name="draw_claim"),
    path("live/<slug:room>/draws/<slug:draw>/entries.txt", draw.entries, name="draw_entries"),
    path("live/<slug:room>/share/", share.sheet, name="share"),
    path("live/<slug:room>/poster.png", share.picture, name="poster"),
    path("live/<slug:room>/remind/", watch.reminder, name="reminder"),
]
