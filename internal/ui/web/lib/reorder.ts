// Ordering by hand: the items of a [data-reorder] list are dragged by their grip,
// or moved by Alt with the arrow keys. Either fills in the place of the item's own
// form, which also is in its menu, and sends it.

const listSelector = "[data-reorder]";

function itemOf(target: EventTarget | null): HTMLElement | null {
  return target instanceof Element ? target.closest<HTMLElement>(`${listSelector} > [data-place]`) : null;
}

function place(item: HTMLElement, to: number): void {
  const form = item.querySelector<HTMLFormElement>("form:has(> input[name=place])");
  const field = form?.querySelector<HTMLInputElement>("input[name=place]");
  if (form && field && item.dataset.place !== String(to)) {
    field.value = String(to);
    form.requestSubmit();
  }
}

/** The place that an item gets at a height: before the first whose middle is below it. */
function placeAt(list: Element, dragged: Element, y: number): number {
  const others = [...list.querySelectorAll<HTMLElement>(":scope > [data-place]")].filter((other) => other !== dragged);
  const before = others.findIndex((other) => {
    const box = other.getBoundingClientRect();
    return y < box.top + box.height / 2;
  });
  return before < 0 ? others.length + 1 : before + 1;
}

function show(list: Element, dragged: HTMLElement, at: number): void {
  const others = [...list.querySelectorAll<HTMLElement>(":scope > [data-place]")].filter((other) => other !== dragged);
  list.insertBefore(dragged, others[at - 1] ?? null);
}

export function startReordering(): void {
  document.addEventListener("keydown", (event) => {
    if (!event.altKey || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return;
    const item = itemOf(event.target);
    if (!item) return;
    event.preventDefault();
    const to = Number(item.dataset.place) + (event.key === "ArrowUp" ? -1 : 1);
    if (to >= 1 && to <= (item.parentElement?.querySelectorAll(":scope > [data-place]").length ?? 0)) place(item, to);
  });

  document.addEventListener("pointerdown", (event) => {
    const grip = event.target instanceof Element ? event.target.closest("[data-grip]") : null;
    const item = itemOf(grip);
    const list = item?.parentElement;
    if (!item || !list || event.button !== 0) return;
    event.preventDefault();
    let at = Number(item.dataset.place);
    item.classList.add("s-dragged");
    const move = (now: PointerEvent): void => {
      at = placeAt(list, item, now.clientY);
      show(list, item, at);
    };
    const end = (kept: boolean): void => {
      document.removeEventListener("pointermove", move);
      document.removeEventListener("pointerup", drop);
      document.removeEventListener("pointercancel", cancel);
      document.removeEventListener("keydown", escape, true);
      item.classList.remove("s-dragged");
      if (kept) place(item, at);
      else show(list, item, Number(item.dataset.place));
    };
    const drop = (): void => end(true);
    const cancel = (): void => end(false);
    const escape = (key: KeyboardEvent): void => {
      if (key.key === "Escape") end(false);
    };
    document.addEventListener("pointermove", move);
    document.addEventListener("pointerup", drop);
    document.addEventListener("pointercancel", cancel);
    document.addEventListener("keydown", escape, true);
  });
}
