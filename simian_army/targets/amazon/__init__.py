"""What the AWS adapter is made of."""
