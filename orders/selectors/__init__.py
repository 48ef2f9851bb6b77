"""Reads of orders, shaped like a screen."""
