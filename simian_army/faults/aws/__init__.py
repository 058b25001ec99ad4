"""What can be done to AWS."""
