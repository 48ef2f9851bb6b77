"""People in the admin: users, merchants, stores, staff, invitations, customers."""

from __future__ import annotations

from typing import Any, cast

from allauth.usersessions.admin import UserSessionAdmin
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.db.models import Model, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from rest_framework_api_key.admin import APIKey  # from there, so that it is registered by now

from merchants.admin.base import ReadOnlyAdmin, ReadOnlyInline, act
from merchants.models import (
    Consent,
    Customer,
    Invitation,
    Merchant,
    MerchantKey,
    Staff,
    Store,
    User,
)
from merchants.services.invitation import revoke_invitation
from merchants.services.staff import remove_staff
from merchants.services.store import close_store, open_store


class ConsentInline(ReadOnlyInline):
    """What she agreed to, below her account."""

    model = Consent
    fields = ("document", "version", "language", "at")
    readonly_fields = fields


@admin.register(Consent)
class ConsentAdmin(ReadOnlyAdmin):
    list_display = ["user", "document", "version", "language", "at"]
    list_select_related = ["user"]
    list_filter = ["document", "version"]
    search_fields = ["user__email", "user__phone", "user__name"]


@admin.register(User)
class PersonAdmin(UserAdmin):
    inlines = [ConsentInline]
    ordering = ["email", "phone"]
    list_display = ["__str__", "email", "phone", "is_active", "is_staff", "date_joined"]
    list_filter = ["is_active", "is_staff"]
    search_fields = ["email", "phone", "name"]
    fieldsets = [
        (None, {"fields": ["email", "phone", "phone_verified", "password"]}),
        (_("Person"), {"fields": ["name", "language"]}),
        (_("Rights"), {"fields": ["is_active", "is_staff", "is_superuser", "groups"]}),
        (_("Times"), {"fields": ["last_login", "date_joined"]}),
    ]
    add_fieldsets = [(None, {"fields": ["email", "name", "password1", "password2"]})]
    readonly_fields = ["phone", "phone_verified", "last_login", "date_joined"]  # by a code only

    def get_form(
        self, request: HttpRequest, obj: User | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """Who is made here has no number yet, so she needs an address."""
        form = super().get_form(request, obj, change=change, **kwargs)
        if not change:
            form.base_fields["email"].required = True
        return form

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

    def save_model(self, request: HttpRequest, obj: Model, form: ModelForm, change: bool) -> None:
        """Only what was typed: the verbs may write the rest of the row meanwhile."""
        obj.save(update_fields=form.changed_data)


@admin.register(Store)
class StoreAdmin(ReadOnlyAdmin):
    list_display = ["name", "merchant", "city", "phone", "pickup", "closed_at"]
    list_select_related = ["merchant"]
    list_filter = [("closed_at", admin.EmptyFieldListFilter)]
    search_fields = ["name", "merchant__name", "city"]
    readonly_fields = ["closed_at"]
    actions = ["close", "open"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Store]:
        return Store.whole.order_by("merchant", "position", "pk")

    @admin.action(description=_("Close for good"), permissions=["view"])
    def close(self, request: HttpRequest, stores: QuerySet[Store]) -> None:
        by = cast(User, request.user)
        act(self, request, stores, lambda store: close_store(store=store, by=by))

    @admin.action(description=_("Open again"), permissions=["view"])
    def open(self, request: HttpRequest, stores: QuerySet[Store]) -> None:
        by = cast(User, request.user)
        act(self, request, stores, lambda store: open_store(store=store, by=by))


@admin.register(Staff)
class StaffAdmin(ReadOnlyAdmin):
    list_display = ["host_name", "user", "merchant", "role", "created_at"]
    list_select_related = ["merchant", "user"]
    list_filter = ["role"]
    search_fields = ["host_name", "user__email", "user__phone", "merchant__name"]
    actions = ["remove"]

    @admin.action(description=_("Remove from the shop"), permissions=["view"])
    def remove(self, request: HttpRequest, places: QuerySet[Staff]) -> None:
        by = cast(User, request.user)
        act(self, request, places, lambda place: remove_staff(staff=place, by=by))


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyAdmin):
    list_display = ["merchant", "email", "role", "invited_by", "expires_at", "accepted_at"]
    list_select_related = ["merchant", "invited_by"]
    list_filter = ["role"]
    search_fields = ["email", "merchant__name", "invited_by__email"]
    actions = ["revoke"]

    @admin.action(description=_("Take back: the link opens nothing"), permissions=["view"])
    def revoke(self, request: HttpRequest, invitations: QuerySet[Invitation]) -> None:
        act(self, request, invitations, lambda one: revoke_invitation(invitation=one))


@admin.register(Customer)
class CustomerAdmin(ReadOnlyAdmin):
    list_display = ["__str__", "merchant", "created_at"]
    list_select_related = ["merchant"]
    search_fields = ["name", "phone", "merchant__name"]


@admin.register(MerchantKey)
class MerchantKeyAdmin(ReadOnlyAdmin):
    list_display = ["name", "prefix", "merchant", "created", "revoked"]
    list_select_related = ["merchant"]
    search_fields = ["name", "prefix", "merchant__name"]
    exclude = ["hashed_key"]


class SignedInAdmin(UserSessionAdmin):
    """django-allauth's page searches by user name, which ours do not have."""

    search_fields = ("user__email", "user__phone", "ip")


admin.site.unregister(APIKey)  # the package's own kind: nothing here asks for it
admin.site.unregister(UserSession)
admin.site.register(UserSession, SignedInAdmin)
