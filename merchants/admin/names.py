"""What the admin calls things that were declared without a name, or in English alone.

Only what is shown changes: migrations compare the names with which a model was declared.
"""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.db.models import ForeignKey, Model
from django.utils.translation import gettext_lazy as _


def call(model: type[Model], one: Any, many: Any, **fields: Any) -> None:
    """Say it so, one of it and many, and its fields."""
    model._meta.verbose_name, model._meta.verbose_name_plural = one, many
    for name, word in fields.items():
        model._meta.get_field(name).verbose_name = word  # type: ignore[union-attr]


def call_by_model(app: str) -> None:
    """A `merchant` that leads to a Merchant is called what a Merchant is called."""
    for model in apps.get_app_config(app).get_models():
        for field in model._meta.fields:
            to = field.related_model if isinstance(field, ForeignKey) else None
            if isinstance(to, type) and field.name == field.verbose_name == to._meta.model_name:
                field.verbose_name = to._meta.verbose_name or field.name


call(
    UserSession,
    _("signed-in device"),
    _("signed-in devices"),
    user=_("user"),
    created_at=_("created at"),
    last_seen_at=_("last seen"),
    ip=_("network address"),
    user_agent=_("browser"),
    session_key=_("session"),
    data=_("details"),
)
call(
    Authenticator,
    _("second step of signing in"),
    _("second steps of signing in"),
    user=_("user"),
    type=_("kind"),
    data=_("details"),
    created_at=_("created at"),
    last_used_at=_("last used"),
)
for app in ("merchants", "orders", "livestream"):
    call_by_model(app)
