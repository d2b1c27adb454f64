// The command palette: what the server finds, and the actions of this page.
import htmx from "htmx.org";

import { make, on } from "./dom";
import { openDialog } from "./dialogs";
import { actions, press } from "./keys";
import { words } from "./words";

const shownActions = 8;

function dialog(): HTMLDialogElement | null {
  const found = document.getElementById("palette");
  return found instanceof HTMLDialogElement ? found : null;
}

const options = (palette: Element): HTMLElement[] => [...palette.querySelectorAll<HTMLElement>("[role=option]")];

function select(palette: Element, index: number): void {
  const all = options(palette);
  const input = document.getElementById("palette-input");
  const chosen = all.length ? ((index % all.length) + all.length) % all.length : -1;
  all.forEach((option, i) => {
    option.id ||= `palette-option-${i}`;
    option.setAttribute("aria-selected", String(i === chosen));
  });
  const option = all[chosen];
  if (!option) {
    input?.removeAttribute("aria-activedescendant");
    return;
  }
  input?.setAttribute("aria-activedescendant", option.id);
  option.scrollIntoView({ block: "nearest" });
}

/** Tells whether the letters of a search stand in a text in their order. */
export function matches(search: string, text: string): boolean {
  let at = 0;
  const folded = text.toLocaleLowerCase();
  for (const letter of search.toLocaleLowerCase().replace(/\s+/g, "")) {
    at = folded.indexOf(letter, at) + 1;
    if (at === 0) return false;
  }
  return true;
}

let pageActions: HTMLElement[] = [];

function showActions(search: string): void {
  const place = document.getElementById("palette-actions");
  if (!place) return;
  const found = pageActions.filter((e) => matches(search, e.dataset["keyLabel"] ?? "")).slice(0, shownActions);
  if (found.length === 0) {
    place.replaceChildren();
    return;
  }
  const group = make("div", "s-palette-group");
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", words("actions"));
  const title = make("div", "s-palette-title", words("actions"));
  title.setAttribute("aria-hidden", "true");
  group.append(title);
  for (const element of found) {
    const item = make("button", "s-palette-item");
    item.type = "button";
    item.tabIndex = -1;
    item.setAttribute("role", "option");
    item.append(element.querySelector(".s-icon")?.cloneNode(true) ?? make("span", "s-palette-no-icon"));
    item.append(make("span", "", element.dataset["keyLabel"]));
    for (const key of (element.dataset["key"] ?? "").split(" ")) item.append(make("kbd", "s-kbd", key));
    item.addEventListener("click", () => {
      dialog()?.close();
      press(element);
    });
    group.append(item);
  }
  place.replaceChildren(group);
}

/** Reads the page's actions; once the dialog is open it hides them. */
function collectActions(): void {
  pageActions = actions().filter((e) => e.dataset["keyLabel"]);
}

export function startPalette(): void {
  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey || event.key.toLowerCase() !== "k") return;
    const palette = dialog();
    if (!palette) return;
    event.preventDefault();
    if (palette.open) {
      palette.close();
      return;
    }
    collectActions();
    openDialog(palette);
  });
  const palette = dialog();
  const input = document.getElementById("palette-input");
  if (!palette || !(input instanceof HTMLInputElement)) return;
  on("click", "[data-opens=palette]", collectActions, { capture: true });
  palette.addEventListener("dialog-open", () => {
    input.value = "";
    showActions("");
    htmx.trigger(input, "palette-open");
    input.focus();
  });
  input.addEventListener("input", () => {
    showActions(input.value);
    select(palette, 0);
  });
  input.addEventListener("keydown", (event) => {
    const all = options(palette);
    const at = all.findIndex((o) => o.getAttribute("aria-selected") === "true");
    if (event.key === "ArrowDown") select(palette, at + 1);
    else if (event.key === "ArrowUp") select(palette, at - 1);
    else if (event.key === "Enter") (all[at] ?? all[0])?.click();
    else return;
    event.preventDefault();
  });
  palette.addEventListener("htmx:after:settle", () => select(palette, 0));
}
