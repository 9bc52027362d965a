/**
 * Undo history: a list of states, as the memento pattern has it. Scenes are immutable and share their layers, so a step
 * costs what it changed, and there is no end to undoing.
 */

/**
 * @typedef {object} Entry
 * @property {string} label what was done, as the history list shows it
 * @property {object} scene the scene after it
 * @property {Set<string>} selection keys of the layers that were selected after it
 * @property {string|null} merge consecutive steps with the same merge key are one
 */

/** States of a scene, and which of them is the present one. */
export class History {
  /** @param {object} scene the first state, which cannot be undone */
  constructor(scene, label = "Opened") {
    this.clear(scene, label);
  }

  /** Forget everything and begin again with this scene. */
  clear(scene, label = "Opened") {
    /** @type {Entry[]} */
    this.entries = [{ label, scene, selection: new Set(), merge: null }];
    this.index = 0;
  }

  /** @returns {Entry} the present state */
  get present() {
    return this.entries[this.index];
  }

  get canUndo() {
    return this.index > 0;
  }

  get canRedo() {
    return this.index < this.entries.length - 1;
  }

  /** What `undo` would take back, or null. */
  get undoLabel() {
    return this.canUndo ? this.present.label : null;
  }

  /** What `redo` would do again, or null. */
  get redoLabel() {
    return this.canRedo ? this.entries[this.index + 1].label : null;
  }

  /** Labels of all states, oldest first. */
  get labels() {
    return this.entries.map((entry) => entry.label);
  }

  /**
   * A new present state; what had been undone is forgotten.
   *
   * @param {Entry} entry
   */
  push(entry) {
    this.entries.length = this.index + 1;
    const { present } = this;
    if (entry.merge !== null && entry.merge === present.merge && this.index > 0) {
      this.entries[this.index] = { ...entry, label: entry.label || present.label };
      return;
    }
    this.entries.push(entry);
    this.index += 1;
  }

  /**
   * Take the present state away as if it had never been.
   *
   * @param {string} merge it must have this merge key
   * @returns {boolean} whether it had
   */
  drop(merge) {
    if (this.index === 0 || this.present.merge !== merge) return false;
    this.entries.length = this.index;
    this.index -= 1;
    return true;
  }

  /** No step that comes is merged with the present one. */
  seal() {
    this.present.merge = null;
  }

  /**
   * Make another state the present one.
   *
   * @param {number} index 0 is the first one
   * @returns {Entry|null} it, or null if there is no such state
   */
  go(index) {
    if (index < 0 || index >= this.entries.length || index === this.index) return null;
    this.seal();
    this.index = index;
    this.seal();
    return this.present;
  }
}
