"""The tables of Mahtab et al. (2019), measured: bytes of a picture told in words, as script, text and bytes; pixels that differ."""
