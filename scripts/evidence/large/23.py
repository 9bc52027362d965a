"""Two macaws before leaves. Both are blue and yellow, out of another photograph; in this one the right one is red."""

from haac import Scene, plate

scene = Scene(768, 512, background=plate("1g"), similar=True)
scene.element("1g").resize(800, 540).blur(10).place(-16, -14)
scene.element("1f").crop(107, 60, 180, 150).resize(256, 315).place(105, 290)
scene.element("1f").crop(129, 24, 168, 60).resize(137, 126).place(182, 164)
scene.element("1f").crop(0, 84, 100, 190).flip().resize(285, 302).place(490, 331)
scene.element("1f").crop(0, 0, 119, 80).flip().resize(339, 229).place(436, 102)
