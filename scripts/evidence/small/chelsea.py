"""A cat, near, before something pale."""

from haac import Scene, gradient

scene = Scene(451, 300, background=gradient("#70564c", "#ab948e"))
scene.element("3").place(0, 0)
