// The composer: Markdown by button, preview, Ctrl-Enter to send.
import { on } from "./dom";

interface Mark {
  before: string;
  after: string;
  line?: boolean; // stands at the start of each line
}

const marks: Record<string, Mark> = {
  bold: { before: "**", after: "**" },
  italic: { before: "_", after: "_" },
  code: { before: "`", after: "`" },
  link: { before: "[", after: "](https://)" },
  quote: { before: "> ", after: "", line: true },
  list: { before: "- ", after: "", line: true },
};

/** Puts a mark around the selection, or before each of its lines. */
export function applyMark(area: HTMLTextAreaElement, mark: Mark): void {
  const { selectionStart: start, selectionEnd: end, value } = area;
  const chosen = value.slice(start, end);
  if (mark.line) {
    const lineStart = value.lastIndexOf("\n", start - 1) + 1;
    const lines = value.slice(lineStart, end).split("\n").map((line) => mark.before + line);
    area.setRangeText(lines.join("\n"), lineStart, end, "end");
  } else {
    area.setRangeText(mark.before + chosen + mark.after, start, end, "end");
    if (!chosen) area.setSelectionRange(start + mark.before.length, start + mark.before.length);
  }
  area.dispatchEvent(new InputEvent("input", { bubbles: true }));
  area.focus();
}

const bodyOf = (element: Element): HTMLTextAreaElement | null =>
  element.closest("[data-composer]")?.querySelector<HTMLTextAreaElement>("textarea[name=body]") ?? null;

export function startComposer(): void {
  on("click", "[data-markdown]", (button) => {
    const area = bodyOf(button);
    const mark = marks[button.dataset["markdown"] ?? ""];
    if (area && mark) applyMark(area, mark);
  });
  on("click", "[data-preview]", (button) => {
    const preview = document.getElementById(button.dataset["preview"] ?? "");
    const area = bodyOf(button);
    if (!preview || !area) return;
    const shown = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(shown));
    preview.hidden = !shown;
    area.hidden = shown;
    if (!shown) area.focus();
  });
  on("keydown", "[data-composer] textarea", (area, event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    const form = area.closest("form");
    form?.requestSubmit(form.querySelector<HTMLButtonElement>("[data-send]"));
  });
  // A link to the text of a composer means to write: "reply" from a list.
  const linked = location.hash ? document.getElementById(location.hash.slice(1)) : null;
  if (linked instanceof HTMLTextAreaElement && linked.closest("[data-composer]")) linked.focus();
  // Choosing who reads it, by pointer or by its key, leads to the text.
  on("click", "[data-composer] input[name=kind]", (choice) => {
    const area = bodyOf(choice);
    area?.focus();
    area?.setSelectionRange(area.value.length, area.value.length);
  });
}
