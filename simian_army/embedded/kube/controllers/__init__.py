"""What keeps the embedded cluster as its objects say it should be."""
