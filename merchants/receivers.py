"""What merchants does when something happens elsewhere."""
