"""RSA keys as people paste them, and the one kind of signature that both providers use.

SHA-256 with PKCS#1 v1.5, in base64.
"""

from __future__ import annotations

import base64
import binascii
import textwrap

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509 import load_pem_x509_certificate

SHORTEST = 2048  # bits


class Unreadable(Exception):
    """This is no key of the kind that was asked for. `why`: "unreadable", "short" or "kind"."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def read_private(text: str) -> rsa.RSAPrivateKey:
    """A private key, as PEM or as the bare base64 that providers' tools give. Raises Unreadable."""
    for kind in ("PRIVATE KEY", "RSA PRIVATE KEY"):
        try:
            key = serialization.load_pem_private_key(_pem(text, kind), password=None)
        except (ValueError, TypeError):
            continue
        if not isinstance(key, rsa.RSAPrivateKey):
            raise Unreadable("kind")
        _measure(key.key_size)
        return key
    raise Unreadable("kind" if "PUBLIC KEY" in text or "CERTIFICATE" in text else "unreadable")


def read_public(text: str) -> rsa.RSAPublicKey:
    """A public key, or that of a certificate. Raises Unreadable."""
    try:
        key: object
        if "CERTIFICATE" in text:
            key = load_pem_x509_certificate(_pem(text, "CERTIFICATE")).public_key()
        else:
            key = serialization.load_pem_public_key(_pem(text, "PUBLIC KEY"))
    except (ValueError, TypeError) as trouble:
        raise Unreadable("kind" if "PRIVATE KEY" in text else "unreadable") from trouble
    if not isinstance(key, rsa.RSAPublicKey):
        raise Unreadable("kind")
    _measure(key.key_size)
    return key


def sign(key: rsa.RSAPrivateKey, text: str) -> str:
    made = key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
    return base64.b64encode(made).decode()


def is_signed(key: rsa.RSAPublicKey, text: bytes, signature: str) -> bool:
    try:
        made = base64.b64decode(signature, validate=True)
        key.verify(made, text, padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def _pem(text: str, kind: str) -> bytes:
    """PEM with one line per 64 letters; what was pasted may have lost its lines, or its frame."""
    bare = text.strip()
    if bare.startswith("-----"):
        parts = bare.split("-----")
        if len(parts) < 4:
            raise Unreadable("unreadable")
        kind, bare = parts[1].removeprefix("BEGIN "), parts[2]
    body = textwrap.fill("".join(bare.split()), 64)
    return f"-----BEGIN {kind}-----\n{body}\n-----END {kind}-----\n".encode()


def _measure(bits: int) -> None:
    if bits < SHORTEST:
        raise Unreadable("short")
