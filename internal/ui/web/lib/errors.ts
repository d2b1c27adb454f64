// A form that comes back with something wrong in it: the first wrong field has
// the focus, so that the keyboard and a screen reader begin where work is needed.

const wrong = ".s-field.s-field-wrong :is(input:not([type=hidden]), select, textarea)";

export function startErrors(): void {
  document.addEventListener("htmx:after:settle", (event) => {
    for (const node of event.detail.newContent ?? []) {
      const field = node instanceof Element ? node.querySelector<HTMLElement>(wrong) : null;
      if (!field) continue;
      field.focus();
      return;
    }
  });
}
