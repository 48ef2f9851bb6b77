"""The life of a product. Pure."""

from __future__ import annotations

from enum import StrEnum


class ProductState(StrEnum):
    DRAFT = "draft"
    ON_SALE = "on_sale"
    ARCHIVED = "archived"
