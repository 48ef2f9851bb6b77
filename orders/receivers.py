"""What orders does when something happens elsewhere."""
