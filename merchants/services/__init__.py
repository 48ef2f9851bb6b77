"""The verbs of merchants. Each is one transaction, one change."""
