// The strip of lists above a list, where there is no room for them beside it: the
// present one is in sight, the edge shows that there are more, and a button shows
// all of them.
import { on } from "./dom";

const strips = (): HTMLElement[] => [...document.querySelectorAll<HTMLElement>(".s-side-list")];

function edges(strip: HTMLElement): void {
  const beyond = strip.scrollWidth - strip.clientWidth;
  strip.classList.toggle("s-side-beyond", beyond > 1 && strip.dataset["open"] === undefined);
  const at = Math.abs(strip.scrollLeft);
  strip.dataset["at"] = at <= 1 ? "start" : at >= beyond - 1 ? "end" : "middle";
}

export function startSideList(): void {
  for (const strip of strips()) {
    const present = strip.querySelector<HTMLElement>("[aria-current]");
    if (present) strip.scrollLeft = present.offsetLeft - (strip.clientWidth - present.offsetWidth) / 2;
    edges(strip);
    strip.addEventListener("scroll", () => edges(strip), { passive: true });
    new ResizeObserver(() => edges(strip)).observe(strip);
  }
  document.addEventListener("htmx:after:settle", () => strips().forEach(edges));
  on("click", "[data-side-more]", (button) => {
    const strip = document.getElementById(button.getAttribute("aria-controls") ?? "");
    if (!strip) return;
    const open = strip.toggleAttribute("data-open");
    button.setAttribute("aria-expanded", String(open));
    edges(strip);
  });
}
