// Lists by keyboard (j, k, x, Enter) and selection with its bar of actions.
import { on, takesText } from "./dom";
import { keysWork } from "./keys";
import { words } from "./words";

const rowsOf = (list: Element): HTMLElement[] => [...list.querySelectorAll<HTMLElement>(".s-row, [data-row]")];

/** The list the keyboard walks: where the focus is, or the first of the page. */
function currentList(): Element | null {
  return document.activeElement?.closest("[data-list]") ?? document.querySelector("main [data-list]");
}

function move(step: number): void {
  const list = currentList();
  if (!list) return;
  const rows = rowsOf(list);
  const focused = rows.findIndex((r) => r === document.activeElement || r.contains(document.activeElement));
  // From beside a list the walk goes on where the list is.
  const at = focused < 0 ? rows.findIndex((r) => r.hasAttribute("aria-current")) : focused;
  const to = at < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(Math.max(at + step, 0), rows.length - 1);
  const row = rows[to];
  row?.focus({ preventScroll: true });
  row?.scrollIntoView({ block: "nearest" });
}

const checkbox = (row: Element): HTMLInputElement | null => row.querySelector(".s-cell-select input[type=checkbox]");

function mark(row: Element, checked: boolean): void {
  if (checked) row.setAttribute("aria-selected", "true");
  else row.removeAttribute("aria-selected");
}

/** Brings rows, the box in the header and the bar of actions into agreement. */
function refresh(list: Element): void {
  const boxes = rowsOf(list).map(checkbox).filter((b) => b !== null);
  const chosen = boxes.filter((b) => b.checked).length;
  const all = list.querySelector<HTMLInputElement>("[data-select-all]");
  if (all) {
    all.checked = chosen > 0 && chosen === boxes.length;
    all.indeterminate = chosen > 0 && chosen < boxes.length;
  }
  const bar = (list.closest("form") ?? document).querySelector<HTMLElement>("[data-bulk]");
  if (!bar) return;
  bar.hidden = chosen === 0;
  const count = bar.querySelector("[data-bulk-count]");
  if (count) count.textContent = words("selected", String(chosen));
}

/** Tells frames that are too narrow for their table that they must scroll. */
function fit(): void {
  for (const frame of document.querySelectorAll<HTMLElement>(".s-table-frame")) {
    const table = frame.querySelector("table");
    if (table) frame.classList.toggle("s-table-scrolls", table.scrollWidth > frame.clientWidth + 1);
  }
}

export function startLists(): void {
  fit();
  new ResizeObserver(fit).observe(document.body);
  document.addEventListener("htmx:after:settle", fit);

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (takesText(document.activeElement) || document.querySelector("dialog[open], .s-menu-list:popover-open")) return;
    if (event.key !== "Enter" && !keysWork()) return;
    const row = document.activeElement?.closest<HTMLElement>(".s-row, [data-row]");
    switch (event.key) {
      case "j":
        move(1);
        break;
      case "k":
        move(-1);
        break;
      case "x":
        if (!row) return;
        checkbox(row)?.click();
        break;
      case "Enter":
        if (!row || row !== document.activeElement || !row.dataset["url"] || row.dataset["beside"]) return;
        location.assign(row.dataset["url"]);
        break;
      default:
        return;
    }
    event.preventDefault();
  });

  let last: HTMLElement | undefined;
  on("click", ".s-cell-select input", (box, event) => {
    const row = box.closest<HTMLElement>(".s-row");
    const list = box.closest("[data-list]");
    if (!row || !list || !(box instanceof HTMLInputElement)) return;
    if (event.shiftKey && last && list.contains(last)) {
      const rows = rowsOf(list);
      const [from, to] = [rows.indexOf(last), rows.indexOf(row)].sort((a, b) => a - b);
      for (const between of rows.slice(from, (to ?? 0) + 1)) {
        const other = checkbox(between);
        if (other) other.checked = box.checked;
        mark(between, box.checked);
      }
    }
    last = row;
  });
  on("change", "[data-list] .s-cell-select input", (box) => {
    const list = box.closest("[data-list]");
    if (!list || !(box instanceof HTMLInputElement)) return;
    if (box.matches("[data-select-all]")) {
      for (const row of rowsOf(list)) {
        const own = checkbox(row);
        if (own) own.checked = box.checked;
        mark(row, own?.checked ?? false);
      }
    } else {
      const row = box.closest(".s-row");
      if (row) mark(row, box.checked);
    }
    refresh(list);
  });
  on("click", "[data-bulk-clear]", (button) => {
    const list = (button.closest("form") ?? document).querySelector("[data-list]");
    if (!list) return;
    for (const row of rowsOf(list)) {
      const own = checkbox(row);
      if (own) own.checked = false;
      mark(row, false);
    }
    refresh(list);
  });
  document.addEventListener("htmx:after:settle", () => {
    for (const list of document.querySelectorAll("[data-list]")) refresh(list);
  });
}
