/** Errors: one tree, as in Python. A message says what was found, what is allowed, what to do. */

/** Base of all errors that haac throws on purpose. */
export class HaacError extends Error {
  constructor(message, options) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** A recipe, a blur string or a scene is damaged, or outside the limits. */
export class RecipeError extends HaacError {}

/** A picture file (of an element, of an inline element) is damaged or of a kind that is not allowed. */
export class PictureError extends HaacError {}

/** An element cannot be had: unknown, withdrawn, or not in this mirror. */
export class ElementError extends HaacError {}

/** What a server published is damaged, contradicts itself, or takes back what was accepted before. */
export class MirrorError extends HaacError {}

/** A server cannot be reached or breaks off: trying again may help. */
export class TransportError extends HaacError {}
