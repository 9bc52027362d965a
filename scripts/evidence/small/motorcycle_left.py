"""A motorcycle in a garage, all of it out of another photograph, taken from a step further to the right."""

from haac import Scene, plate

scene = Scene(741, 500, background=plate("7"), similar=True)
scene.element("7").place(20, 0)
scene.element("6").place(62, 46)
