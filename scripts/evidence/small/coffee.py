"""A cup of coffee on a table of wood. The grain is grass, drawn out."""

from haac import Scene, gradient

scene = Scene(600, 400, background=gradient("#b8561c", "#cc8350", 0))
scene.element("9").crop(0, 0, 24, 512).resize(1000, 700).rotate(34).opacity(0.14).place(-200, -150)
scene.element("a").brightness(0).resize(240, 120).rotate(35).place(-115, -55)
scene.element("4").place(74, 17)
