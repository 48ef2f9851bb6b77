"""Amounts as text for messages that have no markup."""

from __future__ import annotations

from decimal import Decimal

from babel.numbers import format_currency

from merchants.rules.money import plain


def money_text(amount: int, currency: str) -> str:
    """`13850, "CNY"` to `¥138.50`."""
    return format_currency(Decimal(plain(amount, currency)), currency, locale="zh_CN")
