"""`/dashboard/<merchant>/…`: orders and coupons."""

from django.urls import path

from orders.views import (
    books,
    coupon,
    note,
    order,
    payment,
    refund,
    review_inbox,
    shipping,
    waitlist,
)

app_name = "orders"
urlpatterns = [
    path("orders/", order.index, name="order_list"),
    path("orders/export.csv", order.export, name="order_export"),
    path("orders/<slug:number>/", order.detail, name="order_detail"),
    path("orders/<slug:number>/notes/", note.note, name="order_note"),
    path("orders/<slug:number>/tags/", note.tags, name="order_tags"),
    path("orders/<slug:number>/address/", note.address, name="order_address"),
    path("orders/<slug:number>/ship/", order.ship, name="order_ship"),
    path("orders/<slug:number>/ready/", order.ready, name="order_ready"),
    path("orders/<slug:number>/collect/", order.collect, name="order_collect"),
    path("orders/<slug:number>/deliver/", order.deliver, name="order_deliver"),
    path("orders/<slug:number>/cancel/", order.cancel, name="order_cancel"),
    path("orders/<slug:number>/refund/", refund.give, name="refund_give"),
    path("orders/<slug:number>/refunds/<slug:refund>/approve/", refund.approve, name="refund_ok"),
    path("orders/<slug:number>/refunds/<slug:refund>/refuse/", refund.refuse, name="refund_no"),
    path("orders/<slug:number>/refunds/<slug:refund>/back/", refund.receive, name="refund_back"),
    path("products/<slug:product>/waitlist/", waitlist.line, name="waitlist"),
    path("reviews/", review_inbox.index, name="reviews"),
    path("reviews/<slug:review>/reply/", review_inbox.reply, name="review_reply"),
    path("reviews/<slug:review>/hide/", review_inbox.hide, name="review_hide"),
    path("reviews/<slug:review>/show/", review_inbox.show, name="review_show"),
    path("books/", books.index, name="books"),
    path("books/export.csv", books.export, name="books_export"),
    path("settings/payments/", payment.index, name="payments"),
    path("settings/shipping/", shipping.index, name="shipping"),
    path("settings/shipping/new/", shipping.create, name="shipping_new"),
    path("settings/shipping/<slug:rule>/", shipping.edit, name="shipping_edit"),
    path("settings/shipping/<slug:rule>/drop/", shipping.drop, name="shipping_drop"),
    path(
        "settings/payments/wechatpay/",
        payment.connect,
        {"gateway": "wechatpay"},
        name="payments_wechatpay",
    ),
    path(
        "settings/payments/alipay/", payment.connect, {"gateway": "alipay"}, name="payments_alipay"
    ),
    path("settings/payments/remove/", payment.disconnect, name="payments_remove"),
    path("settings/payments/check/", payment.check, name="payments_check"),
    path("coupons/", coupon.index, name="coupon_list"),
    path("coupons/new/", coupon.create, name="coupon_new"),
    path("coupons/<slug:coupon>/stop/", coupon.stop, name="coupon_stop"),
]
