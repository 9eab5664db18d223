"""A client of the public API that sends real photos through it and shows what came back."""
