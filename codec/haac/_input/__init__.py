"""Reading picture files that strangers made: what they are, how large, and their pixels as 8-bit sRGB with alpha."""
