"""What can be done to connections."""
