"""Writers of layered files: a scene and its elements to the layers of an editor."""
