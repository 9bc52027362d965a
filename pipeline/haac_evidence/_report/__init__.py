"""A page that compares pictures: originals and what recipes or other files make of them, in one HTML file that needs nothing else."""
