// Small, typed helpers over the DOM.

/** Listens on the document for events from elements that match a selector. */
export function on<K extends keyof DocumentEventMap>(
  event: K,
  selector: string,
  handle: (element: HTMLElement, event: DocumentEventMap[K]) => void,
  options?: AddEventListenerOptions,
): void {
  document.addEventListener(
    event,
    (e) => {
      const origin = e.target;
      if (!(origin instanceof Element)) return;
      const element = origin.closest<HTMLElement>(selector);
      if (element) handle(element, e);
    },
    options,
  );
}

/** Makes an element with a class and text. */
export function make<K extends keyof HTMLElementTagNameMap>(tag: K, className = "", text = ""): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text) element.textContent = text;
  return element;
}

/** Tells whether keys typed at an element become text. */
export function takesText(element: Element | null): boolean {
  if (element instanceof HTMLInputElement) {
    return !["checkbox", "radio", "button", "submit", "reset", "file", "range", "color"].includes(element.type);
  }
  return (
    element instanceof HTMLTextAreaElement ||
    element instanceof HTMLSelectElement ||
    (element instanceof HTMLElement && element.isContentEditable)
  );
}

/** Places a popover under (or above) an anchor; for browsers and cases without CSS anchors. */
export function placeBelow(popover: HTMLElement, anchor: Element, alignEnd = false): void {
  const box = anchor.getBoundingClientRect();
  const size = popover.getBoundingClientRect();
  const roomBelow = window.innerHeight - box.bottom;
  const top = roomBelow < size.height + 8 && box.top > roomBelow ? box.top - size.height - 8 : box.bottom;
  const wanted = alignEnd ? box.right - size.width : box.left;
  const left = Math.max(8, Math.min(wanted, window.innerWidth - size.width - 8));
  popover.style.top = `${Math.max(4, top)}px`;
  popover.style.left = `${left}px`;
  // A later swap copies the style of what it replaces, which the content security
  // policy stops: it goes with the place.
  const closed = (event: Event): void => {
    if ((event as ToggleEvent).newState !== "closed") return;
    if (popover.getAttribute("style") !== null) popover.removeAttribute("style"); // asked first: browsers write it late
    popover.removeEventListener("toggle", closed);
  };
  popover.addEventListener("toggle", closed);
}

/** Runs the last of several calls once there is a pause. */
export function debounce<A extends unknown[]>(pause: number, run: (...args: A) => void): (...args: A) => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return (...args) => {
    clearTimeout(timer);
    timer = setTimeout(() => run(...args), pause);
  };
}
