// The focus stays where the work is. What has it may go away: a part of the page is
// put anew, a dialog ends, a row leaves its list. Then the focus goes to what has
// taken its place, to its neighbour, or to where a dialog was opened from; never
// nowhere. Who leaves a text by Escape wants to be nowhere, and stays there.

/** Where the focus was, so that it is found again when the element is gone. */
export interface Trail {
  element: HTMLElement;
  id: string;
  key: string;
  name: string;
  words: string;
  around: HTMLElement[]; // what the element lay in, the nearest first
  rows: string[]; // its list: the ids of the rows after its own, then before it
  dialog: HTMLDialogElement | null;
}

const focusable = "a[href], button:not(:disabled), input:not([type=hidden]):not(:disabled), select:not(:disabled), textarea:not(:disabled), summary, [tabindex]";
const rowSelector = ".s-row, [data-row]";

const openedFrom = new WeakMap<HTMLDialogElement, Trail>();

let last: Trail | undefined;

const inSight = (element: Element | null): boolean => {
  const box = element?.getBoundingClientRect();
  return Boolean(box && box.bottom > 0 && box.top < window.innerHeight);
};

const nowhere = (): boolean => !document.activeElement || document.activeElement === document.body;

const seen = (element: Element | null | undefined): element is HTMLElement =>
  element instanceof HTMLElement && element.isConnected && element.checkVisibility({ visibilityProperty: true }) && !element.closest("[inert]");

const wordsOf = (element: Element): string => (element.getAttribute("aria-label") ?? element.textContent ?? "").replace(/\s+/g, " ").trim();

function trailOf(element: HTMLElement): Trail {
  const around: HTMLElement[] = [];
  for (let up = element.parentElement; up && up !== document.body; up = up.parentElement) around.push(up);
  const row = element.closest(rowSelector);
  const all = row ? [...(row.closest("[data-list]") ?? document).querySelectorAll(rowSelector)] : [];
  const at = row ? all.indexOf(row) : -1;
  const rows = at < 0 ? [] : [...all.slice(at), ...all.slice(0, at).reverse()].map((r) => r.id).filter(Boolean);
  return {
    element, around, rows,
    id: element.id,
    key: element.dataset["key"] ?? "",
    name: element.getAttribute("name") ?? "",
    words: wordsOf(element),
    dialog: element.closest("dialog"),
  };
}

/** The element that stands for the one that had the focus. */
function heir(trail: Trail): HTMLElement | null {
  if (seen(trail.element) && !trail.element.matches(":disabled")) return trail.element;
  const same = trail.id ? document.getElementById(trail.id) : null;
  if (seen(same) && same.matches(focusable)) return same;
  for (const id of trail.rows) {
    const row = document.getElementById(id);
    if (seen(row)) return row;
  }
  // What was put anew has the ids of what it replaced.
  const places = trail.around.map((e) => (e.isConnected ? e : e.id ? document.getElementById(e.id) : null)).filter(seen);
  for (const place of places) {
    const inside = [...place.querySelectorAll<HTMLElement>(focusable)].filter(seen);
    const alike = inside.find(
      (e) => (trail.key && e.dataset["key"] === trail.key) || (trail.name && e.getAttribute("name") === trail.name) || (trail.words && wordsOf(e) === trail.words),
    );
    if (alike) return alike;
  }
  const near = places.find((place) => place.id !== "main" && !place.contains(document.getElementById("main")) && place.querySelector(focusable));
  const first = near ? [...near.querySelectorAll<HTMLElement>(focusable)].filter(seen)[0] : undefined;
  return first ?? document.getElementById("main");
}

/** Puts the focus back when what had it is gone. */
function mend(): void {
  if (!last || !nowhere()) return;
  let trail: Trail | undefined = last;
  while (trail?.dialog && !(trail.dialog.isConnected && trail.dialog.open)) trail = openedFrom.get(trail.dialog);
  if (!trail) return;
  const open = [...document.querySelectorAll<HTMLDialogElement>("dialog[open]")].at(-1);
  const to = heir(trail);
  if (!to || (open && !open.contains(to))) return;
  to.focus({ preventScroll: true });
  to.scrollIntoView({ block: "nearest" });
}

/** Notes where a dialog is opened from: the focus returns there. */
export function leaveFor(dialog: HTMLDialogElement): void {
  const from = last?.dialog && last.dialog !== dialog ? (openedFrom.get(last.dialog) ?? last) : last;
  if (from && from.dialog !== dialog) openedFrom.set(dialog, from);
}

/** Focuses what a key is about to press, or the button of the menu it lies in. */
export function attend(element: HTMLElement): void {
  if (element.closest(rowSelector)) return; // the row itself is what has the focus
  const menu = element.closest<HTMLElement>("[popover]");
  const place = menu && !menu.matches(":popover-open") ? document.querySelector<HTMLElement>(`[popovertarget="${CSS.escape(menu.id)}"]`) : element;
  if (!seen(place)) return;
  place.focus({ preventScroll: true });
  place.scrollIntoView({ block: "nearest" });
}

const rememberedRow = "steward-row";

/** Who comes from a ticket back to its list is at the row where they left it. */
function returnToRow(): void {
  const [path, id] = (sessionStorage.getItem(rememberedRow) ?? "").split(" ");
  if (path !== location.pathname || !nowhere() || !document.referrer.startsWith(`${location.origin}/tickets/`)) return;
  const row = document.getElementById(id ?? "");
  if (!seen(row) || !row.matches(rowSelector)) return;
  row.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

export function startFocus(): void {
  document.addEventListener("focusin", (event) => {
    if (event.target instanceof HTMLElement && event.target !== document.body) last = trailOf(event.target);
  });
  document.addEventListener("focusout", (event) => {
    const left = event.target;
    // Left on purpose: it is still there, and nothing else has the focus.
    queueMicrotask(() => {
      if (left instanceof HTMLElement && seen(left) && !left.matches(":disabled") && nowhere() && last?.element === left && document.hasFocus()) last = undefined;
    });
  });
  // What came in above may have pushed it away.
  let sighted = false;
  document.addEventListener("htmx:before:swap", () => (sighted = !nowhere() && inSight(document.activeElement)));
  document.addEventListener("htmx:after:settle", () => {
    mend();
    if (sighted && !nowhere() && !inSight(document.activeElement)) document.activeElement?.scrollIntoView({ block: "nearest" });
  });
  document.addEventListener("live-row", mend);
  document.addEventListener("close", (event) => {
    const dialog = event.target;
    if (!(dialog instanceof HTMLDialogElement)) return;
    if (nowhere()) last ??= openedFrom.get(dialog);
    mend();
  }, { capture: true });
  addEventListener("pagehide", () => {
    const row = document.activeElement?.closest<HTMLElement>(rowSelector);
    if (row?.id) sessionStorage.setItem(rememberedRow, `${location.pathname} ${row.id}`);
  });
  returnToRow();
}
