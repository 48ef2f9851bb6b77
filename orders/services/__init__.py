"""The verbs of orders. Each is one transaction, one change."""
