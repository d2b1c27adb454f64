// Lists that help while typing: the combobox that finds a person, the filter
// that completes a condition, the mention of a colleague in a text. The server
// answers with options; the keyboard walks them; the field keeps the focus.
import htmx from "htmx.org";

import { make, on, placeBelow } from "./dom";
import { insertCanned, slashed } from "./canned";
import { words } from "./words";

type Field = HTMLInputElement | HTMLTextAreaElement;

const isField = (e: Element | null): e is Field => e instanceof HTMLInputElement || e instanceof HTMLTextAreaElement;

function listOf(field: Field): HTMLElement | null {
  const list = document.getElementById(field.getAttribute("aria-controls") ?? "");
  return list?.matches(".s-listbox") ? list : null;
}

function fieldOf(list: Element): Field | null {
  const field = document.querySelector(`[aria-controls="${CSS.escape(list.id)}"]`);
  return isField(field) ? field : null;
}

const options = (list: Element): HTMLElement[] => [...list.querySelectorAll<HTMLElement>("[role=option]")];

function show(field: Field, list: HTMLElement): void {
  if (!list.matches(":popover-open")) list.showPopover();
  placeBelow(list, field);
  if (field.role === "combobox") field.setAttribute("aria-expanded", "true");
}

function hide(field: Field): void {
  const list = listOf(field);
  if (!list) return;
  if (list.matches(":popover-open")) list.hidePopover();
  list.replaceChildren();
  if (field.role === "combobox") field.setAttribute("aria-expanded", "false");
  field.removeAttribute("aria-activedescendant");
}

function highlight(field: Field, list: HTMLElement, index: number): void {
  const all = options(list);
  const chosen = all.length ? ((index % all.length) + all.length) % all.length : -1;
  all.forEach((option, i) => {
    option.id ||= `${list.id}-${i}`;
    option.setAttribute("aria-selected", String(i === chosen));
  });
  const option = all[chosen];
  if (!option) return;
  field.setAttribute("aria-activedescendant", option.id);
  option.scrollIntoView({ block: "nearest" });
}

/** The word at the caret, which a completion replaces. */
export function wordAt(text: string, caret: number): { start: number; end: number; word: string } {
  let start = caret;
  let quoted = (text.slice(0, caret).match(/"/g)?.length ?? 0) % 2 === 1;
  while (start > 0) {
    const before = text[start - 1] ?? "";
    if (before === '"') quoted = !quoted;
    if (!quoted && /\s/.test(before)) break;
    start--;
  }
  return { start, end: caret, word: text.slice(start, caret) };
}

/** What is being completed in a text with signs: a colleague after "@", a canned reply after "/". */
function signedAt(field: Field, signs: string): { sign: string; start: number; word: string } | undefined {
  const caret = field.selectionStart ?? field.value.length;
  if (signs.includes("/")) {
    const found = slashed(field.value, caret);
    if (found) return { sign: "/", ...found };
  }
  const { start, word } = wordAt(field.value, caret);
  if (signs.includes("@") && word.startsWith("@") && word.length > 1) return { sign: "@", start, word: word.slice(1) };
  return undefined;
}

const signsOf = (field: Field): string => field.closest<HTMLElement>("[data-completes]")?.dataset["completes"] ?? "";

function choose(field: Field, option: HTMLElement): void {
  const combobox = field.closest<HTMLElement>("[data-combobox]");
  const from = option.dataset["insertFrom"];
  if (combobox) chooseOne(field, combobox, option);
  else if (from && field instanceof HTMLTextAreaElement) void insertCanned(field, from);
  else insert(field, option.dataset["insert"] ?? "");
  hide(field);
}

function insert(field: Field, text: string): void {
  const caret = field.selectionStart ?? field.value.length;
  const { start, end } = wordAt(field.value, caret);
  field.setRangeText(text, start, end, "end");
  field.dispatchEvent(new InputEvent("input", { bubbles: true }));
}

function chooseOne(field: Field, combobox: HTMLElement, option: HTMLElement): void {
  const place = combobox.querySelector("[data-chosen]");
  const name = combobox.dataset["combobox"] ?? "";
  const value = option.dataset["value"] ?? "";
  const label = option.dataset["label"] ?? "";
  if (!place) return;
  const input = make("input");
  input.type = "hidden";
  input.name = name;
  input.value = value;
  if (combobox.dataset["multiple"] === undefined) {
    place.replaceChildren(input);
    field.value = label;
  } else {
    if (!place.querySelector(`input[value="${CSS.escape(value)}"]`)) place.append(chip(input, label));
    field.value = "";
  }
  combobox.dispatchEvent(new Event("change", { bubbles: true }));
}

function chip(input: HTMLInputElement, label: string): HTMLElement {
  const element = make("span", "s-chip");
  const remove = make("button", "s-chip-remove", "×");
  remove.type = "button";
  remove.dataset["removeChoice"] = "";
  remove.setAttribute("aria-label", words("remove", label));
  element.append(input, label, remove);
  return element;
}

/** Asks the server for what fits the text now. */
function search(field: Field): void {
  const box = field.closest<HTMLElement>("[data-combobox], [data-completes]");
  if (!box) return;
  if (box.matches("[data-combobox]")) {
    htmx.trigger(field, "combobox-search");
    return;
  }
  const signs = signsOf(field);
  // In a text a word is completed after its sign; a filter is at every word.
  if (signs && !signedAt(field, signs)) {
    hide(field);
    return;
  }
  htmx.trigger(field, "filter-complete");
}

export function startCompletion(): void {
  document.addEventListener("input", (event) => {
    const field = event.target as Element;
    if (!isField(field) || !listOf(field)) return;
    const combobox = field.closest("[data-combobox]:not([data-multiple])");
    // Typing after choosing takes the choice back.
    combobox?.querySelector("[data-chosen]")?.replaceChildren();
    search(field);
  });
  on("focusin", ".s-combobox-input, .s-filter-input", (field) => {
    if (!isField(field) || !listOf(field)) return;
    // What is chosen is replaced as a whole.
    if (field.matches(".s-combobox-input")) field.select();
    // A page that begins in a field must not begin with a list over it.
    if (navigator.userActivation?.hasBeenActive ?? true) search(field);
  });
  window.addEventListener("resize", () => {
    const list = document.querySelector<HTMLElement>(".s-listbox:popover-open");
    const field = list && fieldOf(list);
    if (list && field) placeBelow(list, field);
  });
  on("focusout", ".s-combobox-input, .s-filter-input, .s-composer-body", (field) => {
    if (isField(field)) hide(field);
  });
  // Pressing an option must not take the focus from the field.
  on("pointerdown", ".s-listbox", (_, event) => event.preventDefault());
  on("mousedown", ".s-listbox", (_, event) => event.preventDefault());
  on("click", ".s-listbox [role=option]", (option) => {
    const list = option.closest(".s-listbox");
    const field = list && fieldOf(list);
    if (field) choose(field, option);
  });
  on("click", "[data-remove-choice]", (button) => {
    const combobox = button.closest("[data-combobox]");
    button.closest(".s-chip")?.remove();
    combobox?.querySelector<HTMLElement>(".s-combobox-input")?.focus();
    combobox?.dispatchEvent(new Event("change", { bubbles: true }));
  });

  // What is searched is the field's text, or its word at the caret, as q; fields
  // named by hx-include come along.
  document.addEventListener("htmx:config:request", (event) => {
    const { ctx } = event.detail;
    const field = ctx.sourceElement;
    if (!isField(field) || !listOf(field)) return;
    const q = new FormData();
    if (field.hasAttribute("hx-include") && ctx.request.body instanceof FormData) {
      for (const [name, value] of ctx.request.body) if (name !== field.name) q.append(name, value);
    }
    const caret = field.selectionStart ?? field.value.length;
    const signs = signsOf(field);
    if (signs) {
      const signed = signedAt(field, signs);
      q.set("q", signed?.word ?? "");
      if (signed?.sign === "/") {
        ctx.request.action = field.dataset["cannedUrl"] ?? ctx.request.action;
        q.set("kind", field.form?.querySelector<HTMLInputElement>("input[name=kind]:checked")?.value ?? "reply");
      }
    } else {
      q.set("q", field.value);
      if (field.closest("[data-completes]")) q.set("at", String(caret));
    }
    ctx.request.body = q;
  });
  document.addEventListener("htmx:after:settle", (event) => {
    const list = event.target;
    if (!(list instanceof HTMLElement) || !list.matches(".s-listbox")) return;
    const field = fieldOf(list);
    if (!field || document.activeElement !== field) return;
    if (list.childElementCount === 0) {
      hide(field);
      return;
    }
    show(field, list);
    // A filter's text may be meant as it stands: Enter applies it until an option is chosen.
    // Nor does leaving an empty field choose anything.
    if (field.value && (field.closest("[data-combobox]") || signsOf(field))) highlight(field, list, 0);
  });

  document.addEventListener(
    "keydown",
    (event) => {
      const field = event.target as Element;
      if (!isField(field)) return;
      const list = listOf(field);
      if (!list?.matches(":popover-open")) return;
      const all = options(list);
      const at = all.findIndex((o) => o.getAttribute("aria-selected") === "true");
      const chosen = all[at];
      switch (event.key) {
        case "ArrowDown":
          highlight(field, list, at + 1);
          break;
        case "ArrowUp":
          highlight(field, list, at < 0 ? -1 : at - 1);
          break;
        case "Enter":
        case "Tab":
          if (!chosen) return;
          choose(field, chosen);
          break;
        case "Escape":
          hide(field);
          break;
        default:
          return;
      }
      event.preventDefault();
      event.stopPropagation();
    },
    true,
  );
  // A name that is still being looked up, or is not found, must not send the form.
  on("keydown", ".s-combobox-input", (field, event) => {
    if (event.key !== "Enter" || event.defaultPrevented || !isField(field) || !field.value) return;
    const combobox = field.closest<HTMLElement>("[data-combobox]");
    if (combobox?.dataset["multiple"] === undefined && combobox?.querySelector("[data-chosen] input")) return;
    event.preventDefault();
    search(field);
  });
  on("keydown", ".s-combobox-many .s-combobox-input", (field, event) => {
    if (event.key !== "Backspace" || !isField(field) || field.value) return;
    const chips = field.closest("[data-combobox]")?.querySelectorAll(".s-chip");
    chips?.[chips.length - 1]?.remove();
  });
}
