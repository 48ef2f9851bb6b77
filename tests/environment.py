"""Loaded before everything (`-p` in pyproject.toml): tests run as a developer's machine does."""

import os

os.environ.setdefault("DEBUG", "1")
os.environ.setdefault("ORDERS_PER_ADDRESS", "1000000")  # our crowds come from one address
