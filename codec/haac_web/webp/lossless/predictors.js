/**
 * The 14 predictors of the predictor transform (RFC 9649, section 3.5.1), each as a function that adds predictions to
 * what was coded of a part of one row, in place: (pixels, from, until, width), all pixels counted from the first one.
 *
 * Above the last pixel of a row, on the right, stands the first one of this row, which is what follows in memory.
 */
export const PREDICTORS = [
  (pixels, from, until) => {
    for (let at = from; at < until; at++) {
      pixels[at] = add(pixels[at], BLACK);
    }
  },
  (pixels, from, until) => {
    let left = pixels[from - 1];
    for (let at = from; at < until; at++) {
      left = add(pixels[at], left);
      pixels[at] = left;
    }
  },
  (pixels, from, until, width) => {
    for (let at = from; at < until; at++) {
      pixels[at] = add(pixels[at], pixels[at - width]);
    }
  },
  (pixels, from, until, width) => {
    for (let at = from; at < until; at++) {
      pixels[at] = add(pixels[at], pixels[at - width + 1]);
    }
  },
  (pixels, from, until, width) => {
    for (let at = from; at < until; at++) {
      pixels[at] = add(pixels[at], pixels[at - width - 1]);
    }
  },
  (pixels, from, until, width) => {
    let left = pixels[from - 1];
    for (let at = from; at < until; at++) {
      left = add(pixels[at], average(average(left, pixels[at - width + 1]), pixels[at - width]));
      pixels[at] = left;
    }
  },
  (pixels, from, until, width) => {
    let left = pixels[from - 1];
    for (let at = from; at < until; at++) {
      left = add(pixels[at], average(left, pixels[at - width - 1]));
      pixels[at] = left;
    }
  },
  (pixels, from, until, width) => {
    let left = pixels[from - 1];
    for (let at = from; at < until; at++) {
      left = add(pixels[at], average(left, pixels[at - width]));
      pixels[at] = left;
    }
  },
  (pixels, from, until, width) => {
    for (let at = from; at < until; at++) {
      pixels[at] = add(pixels[at], average(pixels[at - width - 1], pixels[at - width]));
    }
  },
  (pixels, from, until, width) => {
    for (let at = from; at < until; at++) {
      pixels[at] = add(pixels[at], average(pixels[at - width], pixels[at - width + 1]));
    }
  },
  (pixels, from, until, width) => {
    let left = pixels[from - 1];
    for (let at = from; at < until; at++) {
      const above = average(pixels[at - width], pixels[at - width + 1]);
      left = add(pixels[at], average(average(left, pixels[at - width - 1]), above));
      pixels[at] = left;
    }
  },
  (pixels, from, until, width) => {
    let left = pixels[from - 1];
    for (let at = from; at < until; at++) {
      left = add(pixels[at], select(left, pixels[at - width], pixels[at - width - 1]));
      pixels[at] = left;
    }
  },
  (pixels, from, until, width) => {
    let left = pixels[from - 1];
    for (let at = from; at < until; at++) {
      left = add(pixels[at], gradient(left, pixels[at - width], pixels[at - width - 1]));
      pixels[at] = left;
    }
  },
  (pixels, from, until, width) => {
    let left = pixels[from - 1];
    for (let at = from; at < until; at++) {
      left = add(pixels[at], halfGradient(average(left, pixels[at - width]), pixels[at - width - 1]));
      pixels[at] = left;
    }
  },
];

/** Opaque black: above the first row, and what predictors that no picture should name predict. */
export const BLACK = 0xff000000 | 0;

/**
 * Add two pixels channel by channel, modulo 256.
 *
 * @param {number} a ARGB.
 * @param {number} b ARGB.
 * @returns {number} ARGB.
 */
export function add(a, b) {
  const even = (a & 0x00ff00ff) + (b & 0x00ff00ff);
  const odd = ((a >>> 8) & 0x00ff00ff) + ((b >>> 8) & 0x00ff00ff);
  return (even & 0x00ff00ff) | ((odd & 0x00ff00ff) << 8);
}

function average(a, b) {
  return (((a ^ b) & 0xfefefefe) >>> 1) + (a & b);
}

/** Left or above, whichever is nearer to left + above - corner. */
function select(left, above, corner) {
  const toLeft =
    Math.abs((above >>> 24) - (corner >>> 24)) +
    Math.abs(((above >>> 16) & 255) - ((corner >>> 16) & 255)) +
    Math.abs(((above >>> 8) & 255) - ((corner >>> 8) & 255)) +
    Math.abs((above & 255) - (corner & 255));
  const toAbove =
    Math.abs((left >>> 24) - (corner >>> 24)) +
    Math.abs(((left >>> 16) & 255) - ((corner >>> 16) & 255)) +
    Math.abs(((left >>> 8) & 255) - ((corner >>> 8) & 255)) +
    Math.abs((left & 255) - (corner & 255));
  return toLeft < toAbove ? left : above;
}

function clip(value) {
  return (value & ~255) === 0 ? value : value < 0 ? 0 : 255;
}

/** Left + above - corner, clipped channel by channel. */
function gradient(left, above, corner) {
  return (
    (clip((left >>> 24) + (above >>> 24) - (corner >>> 24)) << 24) |
    (clip(((left >>> 16) & 255) + ((above >>> 16) & 255) - ((corner >>> 16) & 255)) << 16) |
    (clip(((left >>> 8) & 255) + ((above >>> 8) & 255) - ((corner >>> 8) & 255)) << 8) |
    clip((left & 255) + (above & 255) - (corner & 255))
  );
}

/** Mean + (mean - corner) / 2, halved towards zero, clipped channel by channel. */
function halfGradient(mean, corner) {
  return (
    (half(mean >>> 24, corner >>> 24) << 24) |
    (half((mean >>> 16) & 255, (corner >>> 16) & 255) << 16) |
    (half((mean >>> 8) & 255, (corner >>> 8) & 255) << 8) |
    half(mean & 255, corner & 255)
  );
}

function half(mean, corner) {
  const step = mean - corner;
  return clip(mean + ((step + (step >>> 31)) >> 1));
}
