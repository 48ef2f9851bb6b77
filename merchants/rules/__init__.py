"""Pure rules of merchants: no Django, no clock, no randomness."""
