"""A rocket between four towers in the evening. Towers and lights are gravel, painted black and white."""

from haac import Scene, gradient

scene = Scene(640, 427, background=gradient("#021d3c", "#4c6486"))
scene.element("a").brightness(0).opacity(0.7).resize(640, 60).blur(4).place(0, 385)
towers = (40, 440, -6, 22, -5), (14, 300, -4, 180, 125), (14, 300, 4, 449, 125), (40, 440, 6, 580, -5)
for width, height, lean, x, y in towers:
    scene.element("a").brightness(0).opacity(0.7).resize(width, height).rotate(lean).place(x, y)
for x in (140, 182, 352, 422):
    scene.element("a").brightness(3).resize(18, 18).blur(4).place(x, 378)
scene.element("5").place(198, 126)
