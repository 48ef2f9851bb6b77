"""Addresses of merchants."""
