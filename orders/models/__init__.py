"""Rows of orders."""

from orders.models.bank import BankEntry
from orders.models.coupon import Coupon, Voucher
from orders.models.gateway import GatewayAccount
from orders.models.ledger import LedgerEntry
from orders.models.order import Line, Order, Step
from orders.models.payment import Payment
from orders.models.refund import Refund, RefundPiece, RefundStep
from orders.models.shipment import Shipment

__all__ = [
    "BankEntry",
    "Coupon",
    "GatewayAccount",
    "LedgerEntry",
    "Line",
    "Order",
    "Payment",
    "Refund",
    "RefundPiece",
    "RefundStep",
    "Shipment",
    "Step",
    "Voucher",
]
