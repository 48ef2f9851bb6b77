"""Platform admins may look at everything; what verbs own is never edited by hand."""

from __future__ import annotations

from typing import Any

from allauth.account.decorators import secure_admin_login
from allauth.mfa.utils import is_mfa_enabled
from allauth.usersessions.admin import UserSessionAdmin
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from merchants import admin_verification  # noqa: F401
from merchants.models import (
    AnsweredRequest,
    Category,
    Customer,
    Import,
    ImportRow,
    Invitation,
    Merchant,
    MerchantKey,
    Notification,
    Photo,
    Product,
    Reservation,
    Staff,
    Stock,
    StockMovement,
    Store,
    User,
    Variant,
)

admin.site.site_header = _("Guitai")
admin.site.site_title = _("Guitai")
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
_may_enter = admin.site.has_permission


def _has_permission(request: HttpRequest) -> bool:
    """Platform admins need a second factor (P27); the demo on one's own machine does not."""
    if not _may_enter(request):
        return False
    return not settings.ADMIN_REQUIRES_MFA or is_mfa_enabled(request.user)


admin.site.has_permission = _has_permission  # type: ignore[method-assign]


class ReadOnlyAdmin(admin.ModelAdmin):
    """Rows that only verbs write: to be searched and read."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class ReadOnlyInline(admin.TabularInline):
    """Rows below a row, to be read."""

    extra = 0
    can_delete = False

    def has_add_permission(self, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(User)
class PersonAdmin(UserAdmin):
    ordering = ["email"]
    list_display = ["email", "name", "is_active", "is_staff", "date_joined"]
    list_filter = ["is_active", "is_staff"]
    search_fields = ["email", "name"]
    fieldsets = [
        (None, {"fields": ["email", "password"]}),
        (_("Person"), {"fields": ["name", "language"]}),
        (_("Rights"), {"fields": ["is_active", "is_staff", "is_superuser", "groups"]}),
        (_("Times"), {"fields": ["last_login", "date_joined"]}),
    ]
    add_fieldsets = [(None, {"fields": ["email", "name", "password1", "password2"]})]
    readonly_fields = ["last_login", "date_joined"]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        """Only a superuser makes others more than they are."""
        rights = [] if request.user.is_superuser else ["is_staff", "is_superuser", "groups"]
        return [*self.readonly_fields, *rights]


@admin.register(Merchant)
class MerchantAdmin(admin.ModelAdmin):
    list_display = ["name", "slug", "currency", "verified_at", "created_at"]
    search_fields = ["name", "slug"]
    readonly_fields = ["currency", "verified_at", "created_at"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # a merchant is opened by its owner

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Store)
class StoreAdmin(admin.ModelAdmin):
    list_display = ["name", "merchant", "city", "phone", "pickup"]
    list_select_related = ["merchant"]
    search_fields = ["name", "merchant__name", "city"]
    readonly_fields = ["merchant"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


@admin.register(Staff)
class StaffAdmin(ReadOnlyAdmin):
    list_display = ["host_name", "user", "merchant", "role", "created_at"]
    list_select_related = ["merchant", "user"]
    list_filter = ["role"]
    search_fields = ["host_name", "user__email", "merchant__name"]


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyAdmin):
    list_display = ["merchant", "email", "role", "invited_by", "expires_at", "accepted_at"]
    list_select_related = ["merchant", "invited_by"]
    list_filter = ["role"]
    search_fields = ["email", "merchant__name", "invited_by__email"]


@admin.register(Customer)
class CustomerAdmin(ReadOnlyAdmin):
    list_display = ["__str__", "merchant", "created_at"]
    list_select_related = ["merchant"]
    search_fields = ["name", "phone", "merchant__name"]


@admin.register(Category)
class CategoryAdmin(admin.ModelAdmin):
    list_display = ["name", "merchant", "position"]
    list_select_related = ["merchant"]
    search_fields = ["name", "merchant__name"]
    readonly_fields = ["merchant"]

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
    search_fields = ["search", "merchant__name", "public_id"]
    inlines = [VariantInline, PhotoInline]


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


@admin.register(Notification)
class NotificationAdmin(ReadOnlyAdmin):
    list_display = ["kind", "channel", "to", "merchant", "due_at", "sent_at", "attempts", "trouble"]
    list_select_related = ["merchant"]
    list_filter = ["channel", "kind"]
    search_fields = ["to", "key", "subject"]


@admin.register(MerchantKey)
class MerchantKeyAdmin(ReadOnlyAdmin):
    list_display = ["name", "prefix", "merchant", "created", "revoked"]
    list_select_related = ["merchant"]
    search_fields = ["name", "prefix", "merchant__name"]
    exclude = ["hashed_key"]


@admin.register(AnsweredRequest)
class AnsweredRequestAdmin(ReadOnlyAdmin):
    list_display = ["scope", "key", "at"]
    search_fields = ["scope", "key"]


@admin.register(Import)
class ImportAdmin(ReadOnlyAdmin):
    list_display = ["file_name", "merchant", "state", "total", "by", "created_at"]
    list_filter = ["state", "kind"]
    list_select_related = ["merchant", "by"]
    search_fields = ["file_name", "public_id", "merchant__name"]


@admin.register(ImportRow)
class ImportRowAdmin(ReadOnlyAdmin):
    list_display = ["batch", "number", "outcome", "sku", "applied"]
    list_filter = ["outcome", "applied"]
    list_select_related = ["batch"]
    search_fields = ["sku", "barcode", "batch__public_id"]


class SignedInAdmin(UserSessionAdmin):
    """django-allauth's page searches by user name, which ours do not have."""

    search_fields = ("user__email", "ip")


admin.site.unregister(UserSession)
admin.site.register(UserSession, SignedInAdmin)
