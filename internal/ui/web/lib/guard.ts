// Asks before leaving a page whose form holds something unsaved. Composers need
// no question: their text is a draft already.

const changed = new WeakSet<HTMLFormElement>();

function guarded(target: EventTarget | null): HTMLFormElement | null {
  return target instanceof Element ? target.closest<HTMLFormElement>("form[data-guard], form[data-in-place]") : null;
}

export function startGuard(): void {
  document.addEventListener("input", (event) => {
    const form = guarded(event.target);
    if (form) changed.add(form);
  });
  document.addEventListener("submit", (event) => {
    if (event.target instanceof HTMLFormElement) changed.delete(event.target);
  });
  window.addEventListener("beforeunload", (event) => {
    for (const form of document.querySelectorAll<HTMLFormElement>("form[data-guard], form[data-in-place]")) {
      if (changed.has(form)) event.preventDefault();
    }
  });
}
