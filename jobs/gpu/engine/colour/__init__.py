"""What the numbers of a photo look like: its colour profile, and the way to sRGB and back."""
