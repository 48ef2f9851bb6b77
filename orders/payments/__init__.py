"""Gateways to payment providers. Each turns its provider's messages into `settle_payment`."""
