"""The keys of payment providers, sealed: the database alone, or a copy of it, opens nothing."""

from __future__ import annotations

import base64
import hashlib
import json

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

from merchants.models import Merchant
from orders.models import GatewayAccount
from orders.payments.gateway import GatewayTrouble


def seal(secrets: dict[str, str]) -> str:
    """As it may lie in the database."""
    return _box().encrypt(json.dumps(secrets).encode()).decode()


def unseal(sealed: str) -> dict[str, str]:
    """What was sealed. Raises GatewayTrouble if none of PAYMENT_SECRETS opens it."""
    try:
        secrets: dict[str, str] = json.loads(_box().decrypt(sealed.encode()))
    except InvalidToken as trouble:
        raise GatewayTrouble("PAYMENT_SECRETS does not open this account") from trouble
    return secrets


def secrets_of(merchant: Merchant, gateway: str) -> dict[str, str]:
    """What the shop has told of its account. Raises GatewayTrouble if it has none."""
    account = GatewayAccount.objects.filter(merchant=merchant, gateway=gateway).first()
    if account is None:
        raise GatewayTrouble(f"{merchant.slug} has no account with {gateway}")
    return unseal(account.sealed)


def _box() -> MultiFernet:
    """The first of the secrets seals, every one opens."""
    return MultiFernet([Fernet(_key(secret)) for secret in settings.PAYMENT_SECRETS])


def _key(secret: str) -> bytes:
    return base64.urlsafe_b64encode(hashlib.sha256(b"payments:" + secret.encode()).digest())
