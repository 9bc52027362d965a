"""A lighthouse and a house on rocks in the sea, all of it out of another photograph of a lighthouse."""

from haac import Scene, gradient

scene = Scene(768, 512, background=gradient("#5f7f98", "#a9b0a8"), similar=True)
scene.element("7r").crop(0, 318, 150, 375).saturation(0.5).brightness(0.7).resize(768, 222).place(0, 290)
scene.element("7q").crop(258, 14, 305, 75).resize(70, 235).place(314, 70)
scene.element("7q").crop(185, 62, 345, 185).resize(215, 140).place(30, 180)
scene.element("7r").crop(372, 292, 500, 336).brightness(0.75).saturation(0.6).resize(200, 110).place(568, 312)
scene.element("7r").crop(372, 292, 500, 336).flip().brightness(0.75).saturation(0.6).resize(560, 190).rotate(
    6
).place(-40, 285)
