"""Addresses of orders."""
