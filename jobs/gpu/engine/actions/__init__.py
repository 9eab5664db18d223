"""What can be done to a region of a photo: one module each."""
