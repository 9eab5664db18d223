"""What the client is made with. Not part of it."""
