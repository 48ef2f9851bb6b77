"""What the pages of the admin share: who may enter, rows to be read, actions that are verbs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from allauth.account.decorators import secure_admin_login
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import admin, messages
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from merchants.errors import RuleBroken

admin.site.site_header = _l("Guitai")
admin.site.site_title = _l("Guitai")
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


def act(
    page: admin.ModelAdmin,
    request: HttpRequest,
    rows: Iterable[Any],
    verb: Callable[[Any], object],
) -> None:
    """Do `verb` to each row, as only a superuser may; a refusal is told and stops no other row."""
    if not request.user.is_superuser:
        page.message_user(request, _("Only platform admins may do that."), messages.ERROR)
        return
    for row in rows:
        try:
            verb(row)
        except RuleBroken as refusal:
            page.message_user(request, f"{row}: {refusal}", messages.ERROR)
        else:
            page.message_user(request, _("Done: %(what)s") % {"what": row}, messages.SUCCESS)
