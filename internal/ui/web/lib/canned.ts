// Canned replies in a composer: "/" and words find one, Enter puts it where the
// slash was, with its files. What stands around it stays.
import htmx from "htmx.org";

import { on } from "./dom";
import { toast } from "./toasts";

const longest = 60;

/** The words after a slash that begins a word before the caret, on its line. */
export function slashed(text: string, caret: number): { start: number; word: string } | undefined {
  const line = text.lastIndexOf("\n", caret - 1) + 1;
  const start = text.lastIndexOf("/", caret - 1);
  if (start < line || caret - start > longest) return undefined;
  const before = text[start - 1] ?? "\n";
  const word = text.slice(start + 1, caret);
  if (!/\s/.test(before) || /^\s/.test(word)) return undefined;
  return { start, word };
}

/** Fetches a reply as it reads on the ticket, and puts it in the place of what was typed to find it. */
export async function insertCanned(area: HTMLTextAreaElement, url: string): Promise<void> {
  const found = slashed(area.value, area.selectionStart);
  const start = found?.start ?? area.selectionStart;
  const typed = area.value.slice(start, area.selectionStart);
  const kind = area.form?.querySelector<HTMLInputElement>("input[name=kind]:checked")?.value ?? "reply";
  const answer = await fetch(url, { method: "POST", headers: { "HX-Request": "true" }, body: new URLSearchParams({ kind }) });
  const template = document.createElement("template");
  template.innerHTML = await answer.text();
  const inserted = template.content.querySelector<HTMLElement>("[data-text]");
  if (!answer.ok || !inserted) {
    toast({ text: template.content.textContent?.trim().replace(/\s+/g, " ") ?? "", tone: "critical" });
    return;
  }
  // Somebody may have gone on typing meanwhile: what was typed to find it is looked for where it was.
  const at = area.value.startsWith(typed, start) ? start : area.value.indexOf(typed);
  const from = at < 0 ? area.value.length : at;
  area.setRangeText(inserted.dataset["text"] ?? "", from, at < 0 ? from : from + typed.length, "end");
  area.dispatchEvent(new InputEvent("input", { bubbles: true }));
  area.focus();
  const files = area.form?.querySelector("[data-files]");
  for (const file of [...inserted.children]) {
    files?.append(file);
    htmx.process(file);
  }
  if (inserted.dataset["missing"]) toast({ text: inserted.dataset["missing"], tone: "warning" });
}

export function startCanned(): void {
  // The button, and its key, stand for typing the slash.
  on("click", "[data-canned]", (button, event) => {
    const area = button.closest("[data-composer]")?.querySelector<HTMLTextAreaElement>("textarea[name=body]");
    if (!area) return;
    event.preventDefault();
    const { selectionStart: start, selectionEnd: end, value } = area;
    const before = value[start - 1] ?? "\n";
    area.focus();
    area.setRangeText(/\s/.test(before) ? "/" : " /", start, end, "end");
    area.dispatchEvent(new InputEvent("input", { bubbles: true }));
  });
}
