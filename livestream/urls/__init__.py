"""Addresses of the show."""
