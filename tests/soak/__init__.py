"""One room for a long time, with a fault each minute."""
