"""A person who can sign in. What she may do in a shop is on `Staff`."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from merchants.rules.phone import mask_phone


class UserManager(BaseUserManager["User"]):
    use_in_migrations = True

    def create_user(
        self, email: str | None = None, password: str | None = None, **fields: Any
    ) -> User:
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractUser):
    """Known by an e-mail address, a mobile number or both; there are no user names.

    A number (E.164) is hers once a code sent to it came back. Until then others may claim it too:
    whoever mistypes hers must not keep its owner out.
    """

    username = None  # type: ignore[assignment]
    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    email = models.EmailField(  # type: ignore[assignment]
        _("e-mail"), unique=True, null=True, blank=True
    )
    phone = models.CharField(_("mobile number"), max_length=16, null=True, blank=True)
    phone_verified = models.BooleanField(_("number confirmed"), default=False)
    name = models.CharField(_("name"), max_length=40, blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects: ClassVar[UserManager] = UserManager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = [
            models.UniqueConstraint(
                fields=["phone"], name="user_phone_once", condition=Q(phone_verified=True)
            ),
            models.CheckConstraint(
                name="user_phone_behind_verified",
                condition=Q(phone_verified=False) | Q(phone__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.contact

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Two people without an address are not the same person: none is null, never empty."""
        self.email = self.email or None
        self.phone = self.phone or None
        super().save(*args, **kwargs)

    @property
    def contact(self) -> str:
        """How colleagues tell her from others: her address, else her number with a gap."""
        return self.email or mask_phone(self.phone or "")

    def get_full_name(self) -> str:
        return str(self)

    def get_short_name(self) -> str:
        return str(self)
