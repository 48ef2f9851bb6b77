"""Pure rules of the show: no Django, no clock, no randomness."""
