"""Rate against distortion of recipes and other formats."""
