"""A lighthouse and a white house on a lawn. The tower is that of a castle, made pale; the lantern is another lighthouse's."""

from haac import Scene, plate

scene = Scene(512, 768, background=plate("ag"), similar=True)
scene.element("aa").crop(250, 0, 500, 70).brightness(0.75).resize(720, 460).place(-160, -40)
scene.element("7q").crop(185, 72, 345, 185).brightness(0.95).resize(360, 230).place(-130, 300)
scene.element("7x").crop(62, 0, 162, 122).flip().brightness(1.5).saturation(0.3).contrast(0.6).resize(
    130, 260
).place(250, 196)
scene.element("7q").crop(262, 4, 300, 45).brightness(0.6).resize(110, 120).place(258, 100)
scene.element("ag").crop(0, 200, 500, 375).brightness(1.4).resize(560, 320).place(-20, 450)
