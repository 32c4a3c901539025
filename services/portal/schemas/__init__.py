"""What comes in and goes out over HTTP, in words that both sides understand."""
