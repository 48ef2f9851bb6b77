"""Goods and stock in the admin: what there is, where it lies, and how it came and went."""

from __future__ import annotations

from typing import cast

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from merchants.admin.base import ReadOnlyAdmin, ReadOnlyInline, act
from merchants.models import (
    Category,
    Import,
    ImportRow,
    Level,
    Photo,
    Product,
    ProductWords,
    Reservation,
    Stock,
    StockMovement,
    Stocktake,
    StocktakeLine,
    User,
    Variant,
)
from merchants.rules.product import ProductState
from merchants.services.importing import undo_import
from merchants.services.inventory import GoodsChange, change_goods
from merchants.services.stocktake import discard_stocktake

OFF_SALE = GoodsChange(state=ProductState.DRAFT)


@admin.register(Category)
class CategoryAdmin(ReadOnlyAdmin):
    list_display = ["name", "merchant", "position"]
    list_select_related = ["merchant"]
    search_fields = ["name", "merchant__name"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


class VariantInline(ReadOnlyInline):
    model = Variant
    fields = ["name", "sku", "barcode", "price", "compare_at"]


class PhotoInline(ReadOnlyInline):
    model = Photo
    fields = ["image", "alt", "position"]
    readonly_fields = ["image"]


@admin.register(Product)
class ProductAdmin(ReadOnlyAdmin):
    list_display = ["name", "merchant", "category", "state", "created_at"]
    list_select_related = ["merchant", "category"]
    list_filter = ["state"]
    search_fields = ["words__text", "merchant__name", "public_id"]
    inlines = [VariantInline, PhotoInline]
    actions = ["take_off_sale"]

    @admin.action(description=_("Take off sale"), permissions=["view"])
    def take_off_sale(self, request: HttpRequest, products: QuerySet[Product]) -> None:
        by = cast(User, request.user)
        act(
            self,
            request,
            products.select_related("merchant"),
            lambda one: change_goods(
                merchant=one.merchant, products=[one.pk], change=OFF_SALE, by=by
            ),
        )


@admin.register(ProductWords)
class ProductWordsAdmin(ReadOnlyAdmin):
    list_display = ["product", "merchant", "text"]
    list_select_related = ["product", "merchant"]
    search_fields = ["text", "merchant__name"]


@admin.register(Variant)
class VariantAdmin(ReadOnlyAdmin):
    list_display = ["__str__", "merchant", "sku", "barcode", "price"]
    list_select_related = ["merchant", "product"]
    search_fields = ["sku", "barcode", "product__name"]


class MovementInline(ReadOnlyInline):
    model = StockMovement
    fields = ["at", "delta", "reason", "reference", "by"]


@admin.register(Stock)
class StockAdmin(ReadOnlyAdmin):
    list_display = ["variant", "store", "on_hand", "reserved"]
    list_select_related = ["variant__product", "store"]
    search_fields = ["variant__sku", "variant__product__name", "store__name"]
    inlines = [MovementInline]


@admin.register(StockMovement)
class StockMovementAdmin(ReadOnlyAdmin):
    list_display = ["at", "stock", "delta", "reason", "reference", "by"]
    list_select_related = ["stock__variant__product", "stock__store", "by"]
    list_filter = ["reason"]
    search_fields = ["reference", "stock__variant__sku"]
    date_hierarchy = "at"


@admin.register(Reservation)
class ReservationAdmin(ReadOnlyAdmin):
    list_display = ["reference", "stock", "quantity", "opened_at", "closed_at", "taken"]
    list_select_related = ["stock__variant__product", "stock__store"]
    list_filter = ["taken"]
    search_fields = ["reference"]


@admin.register(Import)
class ImportAdmin(ReadOnlyAdmin):
    list_display = ["file_name", "merchant", "state", "total", "by", "created_at"]
    list_filter = ["state", "kind"]
    list_select_related = ["merchant", "by"]
    search_fields = ["file_name", "public_id", "merchant__name"]
    actions = ["undo"]

    @admin.action(description=_("Undo while nothing of it was sold"), permissions=["view"])
    def undo(self, request: HttpRequest, imports: QuerySet[Import]) -> None:
        act(self, request, imports, lambda batch: undo_import(batch=batch))


@admin.register(ImportRow)
class ImportRowAdmin(ReadOnlyAdmin):
    list_display = ["batch", "number", "outcome", "sku", "applied"]
    list_filter = ["outcome", "applied"]
    list_select_related = ["batch"]
    search_fields = ["sku", "barcode", "batch__public_id"]


@admin.register(Level)
class LevelAdmin(ReadOnlyAdmin):
    list_display = ["product", "store", "free"]
    list_select_related = ["product", "store"]
    search_fields = ["product__name", "store__name", "store__merchant__name"]


class CountedInline(ReadOnlyInline):
    model = StocktakeLine
    fields = ["variant", "expected", "counted", "counted_at", "by"]


@admin.register(Stocktake)
class StocktakeAdmin(ReadOnlyAdmin):
    list_display = ["public_id", "merchant", "store", "state", "by", "begun_at", "ended_at"]
    list_select_related = ["merchant", "store", "by"]
    list_filter = ["state"]
    search_fields = ["public_id", "merchant__name", "store__name"]
    inlines = [CountedInline]
    actions = ["discard"]

    @admin.action(description=_("Throw away; nothing is booked"), permissions=["view"])
    def discard(self, request: HttpRequest, stocktakes: QuerySet[Stocktake]) -> None:
        by = cast(User, request.user)
        act(self, request, stocktakes, lambda one: discard_stocktake(stocktake=one, by=by))


@admin.register(StocktakeLine)
class StocktakeLineAdmin(ReadOnlyAdmin):
    list_display = ["stocktake", "variant", "expected", "counted", "counted_at", "by"]
    list_select_related = ["stocktake__store", "variant__product", "by"]
    search_fields = ["variant__sku", "variant__product__name", "stocktake__public_id"]
