"""A cat, near, before something pale."""

from haac import Scene, gradient

scene = Scene(451, 300, background=gradient("#6a4a3a", "#b09890"))
scene.element("3").place(0, 0)
