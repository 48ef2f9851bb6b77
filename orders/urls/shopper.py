"""`/orders/…`: what a shopper bought."""

from django.urls import path

from orders.views import (
    cart,
    checkout,
    find,
    note,
    pay,
    refund,
    refund_photo,
    review,
    shipping,
    tracking,
    voucher,
    waitlist,
)

app_name = "track"
urlpatterns = [
    path("", checkout.mine, name="mine"),
    path("find/", find.number, name="find"),
    path("find/code/", find.code, name="find_code"),
    path("cart/", cart.carts, name="carts"),
    path("cart/<slug:merchant>/", cart.cart, name="cart"),
    path("vouchers/", voucher.vouchers, name="vouchers"),
    path("vouchers/<slug:code>/", voucher.voucher, name="voucher"),
    path("coupons/of/<slug:merchant>/", voucher.of_shop, name="shop_coupons"),
    path("coupons/<slug:coupon>/", voucher.coupon, name="coupon"),
    path("addresses/", shipping.book, name="addresses"),
    path("waitlist/<slug:merchant>/<slug:product>/", waitlist.join, name="waitlist_join"),
    path("waiting/<slug:waiting>/", waitlist.place, name="waitlist"),
    path("waiting/<slug:waiting>/buy/", waitlist.buy_now, name="waitlist_buy"),
    path("reviews/of/<slug:merchant>/<slug:product>/", review.of_product, name="reviews"),
    path("reviews/write/<slug:number>/<int:line>/", review.write, name="review"),
    path("reviews/write/<slug:number>/<int:line>/photos/", review.add_photos, name="review_photos"),
    path("reviews/write/<slug:number>/<int:line>/follow/", review.follow, name="review_follow"),
    path("reviews/<slug:review>/report/", review.report, name="review_report"),
    path("checkout/<slug:merchant>/", checkout.checkout, name="checkout"),
    path("payments/<slug:gateway>/<slug:merchant>/notify/", pay.notify, name="notify"),
    path("payments/wechat/<slug:merchant>/", pay.wechat, name="wechat"),
    path("parcels/of/<slug:merchant>/", shipping.promise, name="parcels"),
    path("parcels/<slug:tracker>/<slug:merchant>/news/", tracking.hear, name="parcel_news"),
    path("<slug:number>/", checkout.track, name="order"),
    path("<slug:number>/pay/", pay.pay, name="pay"),
    path("<slug:number>/wait/", pay.wait, name="wait"),
    path("<slug:number>/address/", note.own_address, name="readdress"),
    path("<slug:number>/refund/", refund.ask, name="refund_ask"),
    path(
        "<slug:number>/refunds/<slug:refund>/photos/<slug:proof>/",
        refund_photo.hers,
        name="refund_photo",
    ),
    path("<slug:number>/refunds/<slug:refund>/withdraw/", refund.withdraw, name="refund_withdraw"),
    path("<slug:number>/refunds/<slug:refund>/dispute/", refund.dispute, name="refund_dispute"),
    path("<slug:number>/refunds/<slug:refund>/sent/", refund.sent, name="refund_sent"),
    path("<slug:number>/cancel/", checkout.cancel, name="cancel"),
]
