"""What people agree to when they sign up. Pure."""

from __future__ import annotations

from enum import StrEnum


class Document(StrEnum):
    TERMS = "terms"
    PRIVACY = "privacy"
