"""What every merchant endpoint shares: the door, and one effect per idempotency key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import Http404
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from merchants.api.authentication import Program
from merchants.models import Merchant
from merchants.services.request import fingerprint, once

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="At most 64 letters. The same key with the same body has one effect.",
)


class MerchantViewSet(GenericViewSet):
    """Resolve the merchant in the address, or answer 404, before any handler runs.

    A key of another merchant and a merchant that does not exist answer alike.
    """

    merchant: Merchant

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        program = request.user
        if not isinstance(program, Program) or program.merchant.slug != kwargs["merchant"]:
            raise Http404
        self.merchant = program.merchant

    def answer_once(
        self, request: Request, act: Callable[[], dict[str, Any]], status: int = 200
    ) -> Response:
        """Run a verb under the request's Idempotency-Key and answer with what it returned."""
        key = request.headers.get("Idempotency-Key", "")
        if len(key) > 64:
            raise ValidationError({"Idempotency-Key": ["At most 64 letters."]})
        # The hash of the address: cut off, two orders of one shop would share a scope.
        scope = f"api:{self.merchant.pk}:{fingerprint(request.path)[:32]}"
        answer = once(scope=scope, key=key, body=request.data, act=act)
        return Response(answer, status=status)
