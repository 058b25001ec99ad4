"""What the Kubernetes adapter is made of."""
