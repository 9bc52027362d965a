/** Taking files that are dropped on a part of the page. */

/** Endings of files that are recipes or scripts; all others are taken for pictures. */
const RECIPES = /\.(haac|txt|py)$/i;

/** Pictures that can be chosen, as of <input type=file>. */
export const PICTURES = "image/*,.psd,.heic,.avif,.jxl";

/** @param {File} file @returns {boolean} whether its name is that of a recipe or script */
export function isRecipe(file) {
  return RECIPES.test(file.name);
}

/**
 * @param {HTMLElement} node gets the class "file-over" while files are held over it
 * @param {(file: File) => void} take called with the first file that `wanted` says yes to
 * @param {(file: File) => boolean} [wanted]
 */
export function acceptFiles(node, take, wanted = () => true) {
  let depth = 0; // dragenter and dragleave come for every node inside
  const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
  const over = (change) => {
    depth = Math.max(0, depth + change);
    node.classList.toggle("file-over", depth > 0);
  };
  node.addEventListener("dragenter", (event) => hasFiles(event) && over(1));
  node.addEventListener("dragleave", (event) => hasFiles(event) && over(-1));
  node.addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
  });
  node.addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    depth = 0;
    node.classList.remove("file-over");
    event.preventDefault();
    const file = [...event.dataTransfer.files].find(wanted);
    if (!file) return;
    event.stopPropagation();
    take(file);
  });
}

/**
 * Ask for a file.
 *
 * @param {string} accept as of <input type=file>
 * @returns {Promise<File|null>} null if none was chosen
 */
export function chooseFile(accept) {
  const input = document.createElement("input");
  input.type = "file";
  input.accept = accept;
  input.hidden = true;
  document.body.append(input); // tests, and Safari, want it in the page
  return new Promise((resolve) => {
    const end = (file) => {
      input.remove();
      resolve(file);
    };
    input.addEventListener("change", () => end(input.files[0] ?? null));
    input.addEventListener("cancel", () => end(null));
    input.click();
  });
}
