"""Game days: faults in a chosen order, each under all guards, until one does not go as expected."""
