"""What every fault kind promises, a function for each promise."""
