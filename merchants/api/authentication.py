"""Who a program is: the holder of one merchant's key."""

from __future__ import annotations

from dataclasses import dataclass

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework_api_key.permissions import KeyParser

from merchants.models import Merchant, MerchantKey

_parser = KeyParser()


@dataclass(frozen=True)
class Program:
    """Takes the place of a user in API requests. It belongs to exactly one merchant."""

    key: MerchantKey
    is_authenticated: bool = True

    @property
    def pk(self) -> str:
        return self.key.prefix

    @property
    def merchant(self) -> Merchant:
        return self.key.merchant


class KeyAuthentication(BaseAuthentication):
    """`Authorization: Api-Key <key>`."""

    def authenticate(self, request: Request) -> tuple[Program, MerchantKey] | None:
        secret = _parser.get(request)
        if not secret:
            return None
        keys = MerchantKey.objects.select_related("merchant")
        prefix = secret.partition(".")[0]
        key = keys.filter(prefix=prefix, revoked=False).first()
        if key is None or not key.is_valid(secret) or key.has_expired:
            raise AuthenticationFailed
        return Program(key), key

    def authenticate_header(self, request: Request) -> str:
        return "Api-Key"


class KeyScheme(OpenApiAuthenticationExtension):
    """Describes the key in the schema."""

    target_class = KeyAuthentication
    name = "ApiKey"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "`Api-Key <key>`; keys are made in the merchant's settings.",
        }
