"""Words of orders in templates."""
