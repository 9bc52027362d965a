/** The error of a damaged picture. */

import { PictureError } from "../errors.js";

/**
 * The error of a damaged picture.
 *
 * @param {string} why What was found, continuing "the picture is damaged: ".
 * @returns {PictureError}
 */
export function damaged(why) {
  return new PictureError(`the picture is damaged: ${why}; get the file again`);
}
