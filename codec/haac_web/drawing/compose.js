/** Steps 9 to 11: opacity, un-premultiply, and over the canvas, as Pillow's `Image.alpha_composite` does it. */

/**
 * Draw premultiplied pixels onto a canvas of straight alpha.
 *
 * @param {Pixels} canvas is changed.
 * @param {Pixels} image premultiplied.
 * @param {number} x of its left edge on the canvas.
 * @param {number} y of its top edge.
 * @param {number} opacity per cent.
 * @param {number[]} [within] box of the canvas outside of which nothing is changed.
 */
export function compose(canvas, image, x, y, opacity, within = [0, 0, canvas.width, canvas.height]) {
  const left = Math.max(within[0], x);
  const right = Math.min(within[2], x + image.width);
  const bottom = Math.min(within[3], y + image.height);
  if (left >= right || opacity === 0) return;
  const faded = opacity === 100 ? null : fading(opacity);
  for (let row = Math.max(within[1], y); row < bottom; row++) {
    const from = (row - y) * image.width + left - x;
    const to = row * canvas.width + left;
    if (faded === null) composeRow(canvas, to, image, from, right - left);
    else composeFadedRow(canvas, to, image, from, right - left, faded);
  }
}

/** Each value times the opacity. */
function fading(opacity) {
  return Uint8Array.from({ length: 256 }, (_, v) => Math.floor((v * opacity + 50) / 100));
}

function composeRow(canvas, to, image, from, count) {
  const over = image.words;
  const under = canvas.words;
  const { data } = image;
  for (const end = from + count; from < end; from++, to++) {
    const word = over[from];
    const alpha = word >>> 24;
    if (alpha === 0) continue;
    if (alpha === 255) under[to] = word;
    else blend(canvas.data, 4 * to, data[4 * from], data[4 * from + 1], data[4 * from + 2], alpha);
  }
}

function composeFadedRow(canvas, to, image, from, count, faded) {
  const { data } = image;
  for (let at = 4 * from; at < 4 * (from + count); at += 4, to++) {
    const alpha = faded[data[at + 3]];
    if (alpha === 0) continue;
    blend(canvas.data, 4 * to, faded[data[at]], faded[data[at + 1]], faded[data[at + 2]], alpha);
  }
}

/** One pixel, of premultiplied colours. */
function blend(under, to, red, green, blue, alpha) {
  if (alpha !== 255) {
    red = Math.min(255, ((255 * red) / alpha) | 0);
    green = Math.min(255, ((255 * green) / alpha) | 0);
    blue = Math.min(255, ((255 * blue) / alpha) | 0);
  }
  const whole = 255 * alpha + under[to + 3] * (255 - alpha);
  const mine = ((alpha * 8323200) / whole) | 0;
  const other = 32640 - mine;
  under[to] = mixed(red * mine + under[to] * other + 16384);
  under[to + 1] = mixed(green * mine + under[to + 1] * other + 16384);
  under[to + 2] = mixed(blue * mine + under[to + 2] * other + 16384);
  const t = whole + 128;
  under[to + 3] = ((t >> 8) + t) >> 8;
}

/** A 255th of 2^-7. */
function mixed(t) {
  return (((t >> 8) + t) >> 8) >> 7;
}
