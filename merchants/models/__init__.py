"""Rows of merchants."""

from merchants.models.api_key import MerchantKey
from merchants.models.audit import AuditEntry
from merchants.models.consent import Consent
from merchants.models.customer import Customer
from merchants.models.importing import Import, ImportRow
from merchants.models.invitation import Invitation
from merchants.models.merchant import Merchant
from merchants.models.notification import Notification
from merchants.models.product import Category, Photo, Product, ProductWords, Variant
from merchants.models.request import AnsweredRequest
from merchants.models.staff import Staff
from merchants.models.stock import Level, Reservation, Stock, StockMovement
from merchants.models.stocktake import Stocktake, StocktakeLine
from merchants.models.store import Store
from merchants.models.user import User
from merchants.models.verification import Verification, VerificationPaper

__all__ = [
    "AnsweredRequest",
    "AuditEntry",
    "Category",
    "Consent",
    "Customer",
    "Import",
    "ImportRow",
    "Invitation",
    "Level",
    "Merchant",
    "MerchantKey",
    "Notification",
    "Photo",
    "Product",
    "ProductWords",
    "Reservation",
    "Staff",
    "Stock",
    "StockMovement",
    "Stocktake",
    "StocktakeLine",
    "Store",
    "User",
    "Variant",
    "Verification",
    "VerificationPaper",
]
