"""Reads of merchants, shaped like a screen."""
