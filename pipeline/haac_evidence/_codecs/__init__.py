"""Other formats: files of each within a number of bytes, and what of a file is its header."""
