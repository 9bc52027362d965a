"""Full-reference image quality measures, and which of them are installed."""
