"""What a recipe can say: a tree of layers to the smallest list of flat ones that shows the same picture."""
