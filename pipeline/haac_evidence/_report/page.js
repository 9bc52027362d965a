"use strict";
// What the page does beside showing: views, the slider, differences, sorting. Without it, pictures stand side by side.
document.documentElement.classList.add("scripted");

for (const stage of document.querySelectorAll(".stage")) {
  const [original, made] = stage.querySelectorAll("figure > .frame > img");
  const both = stage.querySelector(".both");
  for (const image of [original, made]) {
    const copy = image.cloneNode();
    copy.alt = "";
    both.append(copy);
  }
  const slide = stage.querySelector(".slide");
  const move = () => {
    stage.style.setProperty("--at", `${slide.value}%`);
    slide.setAttribute("aria-valuetext", `${slide.value} per cent original, the rest ${slide.dataset.made}`);
  };
  slide.addEventListener("input", move);
  move();
  const fit = () => stage.style.setProperty("--high", `${original.getBoundingClientRect().height}px`);
  new ResizeObserver(fit).observe(original);
}

for (const input of document.querySelectorAll(".tools input")) {
  input.addEventListener("change", () => {
    if (input.name === "view") document.body.dataset.mode = input.value;
    else document.body.style.setProperty("--times", input.value);
  });
  if (input.checked) input.dispatchEvent(new Event("change"));
}

const table = document.querySelector("table.summary");
if (table) {
  const rows = table.tBodies[0];
  for (const button of table.querySelectorAll("th button")) {
    button.addEventListener("click", () => {
      const head = button.closest("th");
      const up = head.getAttribute("aria-sort") !== "ascending";
      for (const other of head.parentNode.children) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const value = (row) => row.children[head.cellIndex].dataset.value ?? row.children[head.cellIndex].textContent;
      const number = head.dataset.kind === "number";
      const order = [...rows.rows].sort((a, b) => {
        const [x, y] = [value(a), value(b)];
        return (up ? 1 : -1) * (number ? Number(x) - Number(y) : x.localeCompare(y));
      });
      for (const row of order) {
        rows.append(row);
        const section = document.getElementById(row.dataset.pair);
        section.parentNode.append(section);
      }
    });
  }
}
