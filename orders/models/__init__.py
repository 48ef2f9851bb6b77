"""Rows of orders."""

from orders.models.bank import BankEntry
from orders.models.cart import CartItem
from orders.models.coupon import CounterUse, Coupon, Voucher
from orders.models.dispute import Dispute
from orders.models.gateway import GatewayAccount
from orders.models.ledger import LedgerEntry
from orders.models.note import OrderNote, OrderTag
from orders.models.order import Line, Order, Step
from orders.models.payment import Payment
from orders.models.refund import Refund, RefundPhoto, RefundPiece, RefundStep
from orders.models.review import Review, ReviewPhoto, ReviewReport, ReviewStep
from orders.models.shipment import ParcelEvent, Shipment
from orders.models.shipping import ShippingRegion, ShippingRule
from orders.models.waitlist import Waiting

__all__ = [
    "BankEntry",
    "CartItem",
    "CounterUse",
    "Coupon",
    "Dispute",
    "GatewayAccount",
    "LedgerEntry",
    "Line",
    "Order",
    "OrderNote",
    "OrderTag",
    "ParcelEvent",
    "Payment",
    "Refund",
    "RefundPhoto",
    "RefundPiece",
    "RefundStep",
    "Review",
    "ReviewPhoto",
    "ReviewReport",
    "ReviewStep",
    "Shipment",
    "ShippingRegion",
    "ShippingRule",
    "Step",
    "Voucher",
    "Waiting",
]
