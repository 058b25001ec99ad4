"""What the toxiproxy adapter is made of."""
