"""Loaded before everything (`-p` in pyproject.toml): tests run as a developer's machine does."""

import os

os.environ.setdefault("DEBUG", "1")
