"""Photoshop documents: psd-tools' parsed layers as pixels, masks and effects."""
