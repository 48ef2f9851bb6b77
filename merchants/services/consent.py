"""The one verb of consent."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from merchants.models import Consent, User
from merchants.rules.consent import Document


@transaction.atomic
def agree(*, user: User, language: str) -> list[Consent]:
    """She accepted terms and privacy notice as they stand now; what she accepted before stays."""
    now = timezone.now()
    return [
        Consent.objects.get_or_create(
            user=user,
            document=document.value,
            version=settings.LEGAL_VERSIONS[document.value],
            defaults={"language": language[:10], "at": now},
        )[0]
        for document in Document
    ]
