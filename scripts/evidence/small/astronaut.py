"""An astronaut before a flag, and a model of a rocket on a black table: a rocket and a motorcycle's red of other photographs."""

from haac import Scene, gradient

scene = Scene(512, 512, background=gradient("#b8afa8", "#c8bcb6"))
for x, y in ((-52, 110), (-48, 225), (-70, 370)):
    scene.element("6").crop(330, 165, 370, 185).resize(150, 34).rotate(-58).place(x, y)
scene.element("a").brightness(0).resize(170, 250).place(350, 278)
scene.element("5").crop(90, 0, 160, 290).resize(80, 290).brightness(1.4).place(375, -5)
scene.element("1").place(0, 14)
