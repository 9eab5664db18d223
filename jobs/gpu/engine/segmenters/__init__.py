"""What finds the concepts in a photo. `registry.load_segmenter` is the way in."""
