"""The house itself in the admin: news on its way, answered requests, the audit log."""

from __future__ import annotations

from django.contrib import admin

from merchants.admin.base import ReadOnlyAdmin
from merchants.models import AnsweredRequest, AuditEntry, Notification


@admin.register(Notification)
class NotificationAdmin(ReadOnlyAdmin):
    list_display = ["kind", "channel", "to", "merchant", "due_at", "sent_at", "attempts", "trouble"]
    list_select_related = ["merchant"]
    list_filter = ["channel", "kind"]
    search_fields = ["to", "key", "subject"]


@admin.register(AnsweredRequest)
class AnsweredRequestAdmin(ReadOnlyAdmin):
    list_display = ["scope", "key", "at"]
    search_fields = ["scope", "key"]


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ["at", "merchant", "action", "about", "by"]
    list_select_related = ["merchant", "by"]
    list_filter = ["action"]
    search_fields = ["about", "merchant__name", "by__email"]
    date_hierarchy = "at"
