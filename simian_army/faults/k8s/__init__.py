"""What can be done to Kubernetes."""
