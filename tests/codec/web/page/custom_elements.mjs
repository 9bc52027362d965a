/** Custom elements in this engine: a picture out of a repository of another origin, one that fails, a blur. */

const HERE = "../../../../codec/haac_web/";

export async function run(load) {
  const text = async (name) => new TextDecoder().decode(await load(name));
  await import(`${HERE}custom_elements.js`);
  const { hashPixels } = await import(`${HERE}haac.js`);
  const [url, recipe, blur] = await Promise.all([text("url"), text("recipe"), text("blur")]);
  const picture = Object.assign(document.createElement("haac-picture"), { style: "width: 100px" });
  const drawn = new Promise((resolve, reject) => {
    picture.addEventListener("load", resolve);
    picture.addEventListener("error", (event) => reject(event.error));
  });
  picture.setAttribute("recipe", recipe);
  picture.setAttribute("repository", url);
  document.body.append(picture);
  await drawn;
  const canvas = picture.shadowRoot.querySelector("canvas");
  const wrong = document.createElement("haac-picture");
  const failed = new Promise((resolve) => wrong.addEventListener("error", (event) => resolve(event.message)));
  wrong.setAttribute("recipe", "haac1:no");
  document.body.append(wrong);
  const soft = document.createElement("haac-blur");
  soft.setAttribute("value", blur);
  document.body.append(soft);
  return {
    hash: await hashPixels(picture.picture),
    size: [picture.offsetWidth, picture.offsetHeight, canvas.width, canvas.height],
    label: canvas.getAttribute("aria-label"),
    failed: await failed,
    blur: soft.shadowRoot.querySelector("canvas").width,
  };
}
