// Single keys. A page declares them in markup: data-key="a" on a link, button or
// field, "g q" for two keys in a row. Typing text never triggers one. "?" shows
// what there is.
import { make, takesText } from "./dom";
import { openDialog } from "./dialogs";
import { attend } from "./focus";
import { words } from "./words";

const sequencePause = 1_000;

/** The elements whose keys work now: in the open dialog, if there is one. */
export function actions(): HTMLElement[] {
  const dialogs = document.querySelectorAll<HTMLElement>("dialog[open]");
  const scope: ParentNode = dialogs[dialogs.length - 1] ?? document;
  return [...scope.querySelectorAll<HTMLElement>("[data-key]")].filter(reachable);
}

/** Things in a closed menu can be pressed by their key; hidden and disabled ones cannot. */
function reachable(element: HTMLElement): boolean {
  if (element.matches(":disabled")) return false;
  if (element.closest("[hidden], dialog:not([open]), [inert]")) return false;
  const row = element.closest("tr, [data-row]");
  return !row || row === document.activeElement || row.contains(document.activeElement);
}

/** Whether single letters do something: their reader can turn that off (WCAG 2.1.4). */
export function keysWork(): boolean {
  return document.documentElement.dataset["keys"] !== "off";
}

/** Does what a key stands for. */
export function press(element: HTMLElement): void {
  if (takesText(element)) {
    element.focus();
    if (element instanceof HTMLInputElement) element.select();
    return;
  }
  attend(element);
  element.click();
}

function label(element: HTMLElement): string {
  return element.dataset["keyLabel"] || element.getAttribute("aria-label") || element.textContent?.trim() || "";
}

function showHelp(): void {
  const dialog = document.getElementById("key-help");
  const list = document.getElementById("key-help-list");
  if (!(dialog instanceof HTMLDialogElement) || !list) return;
  const page = new Map<string, string>();
  const everywhere = new Map<string, string>([
    ["?", words("keyHelp")],
    ["Ctrl K", words("keyPalette")],
  ]);
  const lists = new Map<string, string>();
  for (const element of actions()) {
    if (!element.closest("main") && actions().some((e) => e.closest("main") && e.dataset["key"] === element.dataset["key"])) continue;
    const group = element.closest(".s-side, .s-top") ? everywhere : element.closest(".s-row, [data-row]") ? lists : page;
    group.set(element.dataset["key"] ?? "", label(element));
  }
  if (document.querySelector("[data-list]")) {
    // What works on a row works on the one that has the focus: the first stands for it.
    for (const element of document.querySelectorAll<HTMLElement>("[data-list] :is(.s-row, [data-row]):first-child [data-key]")) {
      lists.set(element.dataset["key"] ?? "", label(element));
    }
    lists.set("j", words("keyNext"));
    lists.set("k", words("keyPrevious"));
    if (document.querySelector("[data-list] .s-cell-select")) lists.set("x", words("keySelect"));
    lists.set("Enter", words("keyOpen"));
  }
  list.replaceChildren(helpGroup(words("thisPage"), page), helpGroup(words("lists"), lists), helpGroup(words("everywhere"), everywhere));
  openDialog(dialog);
}

function helpGroup(title: string, keys: Map<string, string>): Node {
  if (keys.size === 0) return document.createDocumentFragment();
  const group = make("section", "s-key-group");
  group.append(make("h3", "", title));
  const list = make("dl");
  for (const [key, meaning] of keys) {
    const line = make("div");
    const keysOf = make("dd");
    for (const part of key.split(" ")) keysOf.append(make("kbd", "s-kbd", part), " ");
    line.append(make("dt", "", meaning), keysOf);
    list.append(line);
  }
  group.append(list);
  return group;
}

export function startKeys(): void {
  let first = "";
  let timer: ReturnType<typeof setTimeout> | undefined;

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (takesText(document.activeElement)) {
      if (event.key === "Escape" && document.activeElement instanceof HTMLElement && !document.activeElement.closest("dialog")) {
        document.activeElement.blur();
      }
      return;
    }
    // A click on an element in the top layer does not blur a menu's own keys. In
    // an open menu the last key of a sequence is enough: "n" opened it, "i" chooses.
    const menu = document.querySelector<HTMLElement>(".s-menu-list:popover-open");
    if (menu) {
      if (!keysWork()) return;
      const item = [...menu.querySelectorAll<HTMLElement>("[data-key]")].find((e) => e.dataset["key"]?.split(" ").at(-1) === event.key);
      if (item && reachable(item)) {
        event.preventDefault();
        press(item);
      }
      return;
    }
    if (!keysWork()) return;
    if (event.key === "?") {
      event.preventDefault();
      showHelp();
      return;
    }
    if (event.key.length !== 1) return;
    const pressed = first ? `${first} ${event.key}` : event.key;
    first = "";
    clearTimeout(timer);
    const all = actions();
    const found = all.filter((e) => e.dataset["key"] === pressed);
    // What belongs to the focused row comes before what belongs to the page,
    // what belongs to the page before what every page has around it.
    const chosen = found.find((e) => e.closest("tr, [data-row]")) ?? found.find((e) => e.closest("main")) ?? found[0];
    if (chosen) {
      event.preventDefault();
      press(chosen);
      return;
    }
    if (all.some((e) => e.dataset["key"]?.startsWith(`${pressed} `))) {
      first = pressed;
      timer = setTimeout(() => (first = ""), sequencePause);
    }
  });
}
