"""What can be done to a target, and how it is undone: one file a fault."""
