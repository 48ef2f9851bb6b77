"""Pure rules of orders: no Django, no clock, no randomness."""
