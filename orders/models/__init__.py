"""Rows of orders."""

from orders.models.coupon import Coupon, Voucher
from orders.models.order import Line, Order, Step
from orders.models.payment import Payment
from orders.models.shipment import Shipment

__all__ = ["Coupon", "Line", "Order", "Payment", "Shipment", "Step", "Voucher"]
