// Editing a value where it stands: a click anywhere on the value opens its form,
// Escape puts the value back, and the focus stays where the work is.
import { on } from "./dom";

export function startInPlace(): void {
  on("click", "[data-edits]", (value, event) => {
    const origin = event.target as Element;
    if (origin.closest("a, button, input") || getSelection()?.toString()) return;
    value.querySelector<HTMLElement>(".s-value-edit")?.click();
  });
  on("keydown", "[data-in-place]", (form, event) => {
    if (event.key !== "Escape" || event.defaultPrevented) return;
    event.preventDefault();
    form.querySelector<HTMLElement>("[data-cancel]")?.click();
  });

  let editing = "";
  document.addEventListener("htmx:after:settle", (event) => {
    const { newContent } = event.detail;
    for (const node of newContent ?? []) {
      if (!(node instanceof HTMLElement)) continue;
      const form = node.querySelector("[data-in-place]");
      if (form) {
        editing = node.id;
        form.querySelector<HTMLElement>("[aria-invalid=true], input:not([type=hidden]), select, textarea")?.focus();
      } else if (node.id && node.id === editing) {
        editing = "";
        node.querySelector<HTMLElement>(".s-value-edit")?.focus();
      }
    }
  });
}
