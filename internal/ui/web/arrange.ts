// Tiles of a board by drag: what is dropped goes to where the dropped-upon stands.
// The buttons beside each tile do the same without a pointer and without scripts.
let dragged: HTMLElement | null = null;

const itemOf = (target: EventTarget | null): HTMLElement | null =>
  target instanceof Element ? target.closest<HTMLElement>("[data-arrange-item]") : null;

function clear(): void {
  for (const item of document.querySelectorAll(".s-arrange-over")) item.classList.remove("s-arrange-over");
}

for (const item of document.querySelectorAll<HTMLElement>("[data-arrange-item]")) item.draggable = true;

document.addEventListener("dragstart", (event) => {
  dragged = itemOf(event.target);
  dragged?.classList.add("s-arrange-dragged");
});

document.addEventListener("dragend", () => {
  dragged?.classList.remove("s-arrange-dragged");
  dragged = null;
  clear();
});

document.addEventListener("dragover", (event) => {
  const over = itemOf(event.target);
  if (!dragged || !over) return;
  event.preventDefault();
  clear();
  if (over !== dragged) over.classList.add("s-arrange-over");
});

document.addEventListener("drop", (event) => {
  const over = itemOf(event.target);
  const form = dragged?.querySelector<HTMLFormElement>("form");
  if (!dragged || !over || !form || over === dragged) return;
  event.preventDefault();
  const all = [...document.querySelectorAll("[data-arrange-item]")];
  const by = document.createElement("input");
  by.type = "hidden";
  by.name = "by";
  by.value = String(all.indexOf(over) - all.indexOf(dragged));
  form.append(by);
  form.submit();
});
