import { render } from "./render.js";

export class Renderer {
  constructor(source) {
    this.source = source;
    this.changed = null;
  }

  render(scene) {
    const picture = render(scene, this.source);
    this.changed = [0, 0, picture.width, picture.height];
    return picture;
  }
}
