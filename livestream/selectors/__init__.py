"""Reads of the show, shaped like a screen."""
