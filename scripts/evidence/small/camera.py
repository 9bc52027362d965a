"""A photographer on a lawn before a town. The grass is that of another photograph, the town a pavement."""

from haac import Scene, gradient

scene = Scene(512, 512, background=gradient("#cccccc", "#dadada"))
for x, y, width, height in ((412, 118, 20, 80), (330, 172, 190, 60), (0, 184, 60, 50)):
    scene.element("8").brightness(1.2).contrast(0.5).resize(width, height).place(x, y)
scene.element("9").resize(560, 290).brightness(1.5).contrast(0.4).place(-20, 232)
scene.element("2").place(0, 61)
