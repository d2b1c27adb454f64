// A list at the side of one of its tickets: the ticket one walks to is shown
// beside it, and the address says which. Enter goes into the ticket, Escape back
// to the list. Where there is no room for both, the list leads to the tickets.
import htmx from "htmx.org";

import { debounce, on, takesText } from "./lib/dom";

const pause = 140; // walking fast shows only where one stops

const pane = (): HTMLElement | null => document.getElementById("beside");

/** Whether there is room for a ticket beside the list. */
const roomy = (): boolean => Boolean(pane()?.checkVisibility());

const current = (): HTMLElement | null => document.querySelector("[data-split] [data-beside][aria-current]");

let loading = 0;

async function load(url: string): Promise<void> {
  const place = pane();
  if (!place) return;
  const mine = ++loading;
  place.setAttribute("aria-busy", "true");
  // The address first: a reload shows the same, whatever becomes of the answer.
  history.replaceState(history.state, "", url);
  await htmx.ajax("GET", url, { source: place, target: place, swap: "innerHTML" });
  if (mine !== loading) return;
  place.removeAttribute("aria-busy");
  place.scrollTop = 0;
  const title = place.querySelector<HTMLElement>("[data-title]")?.dataset["title"];
  if (title) document.title = `${title} · ${document.title.split(" · ").at(-1) ?? ""}`;
}

/** Shows the ticket of a row. */
function show(row: HTMLElement): void {
  const url = row.dataset["beside"];
  if (!url || row === current()) return;
  current()?.removeAttribute("aria-current");
  row.setAttribute("aria-current", "true");
  row.classList.remove("s-row-unread");
  void load(url);
}

const showSoon = debounce(pause, (row: HTMLElement) => {
  if (row.isConnected && row === document.activeElement) show(row);
});

/** What is being written must not vanish because a row got the focus. */
const busy = (): boolean => takesText(document.activeElement) || Boolean(document.querySelector("dialog[open]"));

document.addEventListener("focusin", (event) => {
  const row = event.target instanceof HTMLElement && event.target.matches("[data-split] [data-beside]") ? event.target : null;
  if (row && roomy() && !busy()) showSoon(row);
});

on("click", "[data-split] [data-beside]", (row, event) => {
  if (!roomy() || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
  event.preventDefault();
  row.focus({ preventScroll: true });
  show(row);
});

// The ticket's own tabs stay beside the list.
on("click", "#beside .s-tabs a", (tab, event) => {
  if (!(tab instanceof HTMLAnchorElement) || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const url = new URL(location.href);
  const row = current();
  if (row?.dataset["beside"]) url.search = new URL(row.dataset["beside"], location.href).search;
  url.searchParams.set("tab", new URL(tab.href).searchParams.get("tab") ?? "");
  void load(url.pathname + url.search).then(() => pane()?.querySelector<HTMLElement>(".s-tabs [aria-current]")?.focus());
});

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || busy()) return;
  if (document.querySelector(".s-menu-list:popover-open")) return;
  const row = document.activeElement?.closest<HTMLElement>("[data-split] [data-beside]");
  if (event.key === "Enter" && row && row === document.activeElement) {
    if (roomy()) {
      show(row);
      pane()?.focus();
    } else {
      location.assign(row.dataset["url"] ?? "");
    }
  } else if (event.key === "Escape" && pane()?.contains(document.activeElement)) {
    current()?.focus();
  } else {
    return;
  }
  event.preventDefault();
});

current()?.scrollIntoView({ block: "nearest" });
