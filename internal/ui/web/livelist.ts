// Lists that stay true while they are open. A part of a page with
// data-live-list="URL" asks that URL, after every message of the live stream it
// names, what has become of the rows it shows: rows that changed are put in their
// place and marked, rows that may not be seen any more are blanked, and what is
// new is only counted. Nothing is inserted or moved under the pointer. Rows are
// those of a table or the cards of a board, which has an end for each column.
import htmx from "htmx.org";

const settle = 250; // several changes in one go are one question
const pause = 1_000; // between two questions
const countsPause = 5_000;
const mostRows = 200;

interface Following {
  asking: boolean;
  again: boolean; // something happened while asking
  timer: ReturnType<typeof setTimeout> | undefined;
  last: number;
}

const following = new WeakMap<HTMLElement, Following>();

const lists = (): HTMLElement[] => [...document.querySelectorAll<HTMLElement>("[data-live-list]")];

const rowsOf = (part: ParentNode): HTMLElement[] => [...part.querySelectorAll<HTMLElement>("[id^=ticket-][data-version]")];

/** How far a row is from what is on the screen; 0 is on it. */
function distance(row: Element): number {
  const box = row.getBoundingClientRect();
  if (box.bottom < 0) return -box.bottom;
  return Math.max(0, box.top - window.innerHeight);
}

/** The rows worth asking about: all, or those nearest to the screen. */
export function watched(rows: HTMLElement[], most = mostRows): HTMLElement[] {
  if (rows.length <= most) return rows;
  return rows
    .map((row) => ({ row, far: distance(row) }))
    .sort((a, b) => a.far - b.far)
    .slice(0, most)
    .map(({ row }) => row);
}

/** Where a list, or a part of one, ends for now: the cursor of its "load more". */
function until(part: Element): string {
  const more = part.querySelector<HTMLAnchorElement>(".s-load-more");
  return more ? (new URL(more.href, location.href).searchParams.get("after") ?? "") : "";
}

function question(part: HTMLElement): URL {
  const url = new URL(part.dataset["liveList"] ?? "", location.href);
  const rows = watched(rowsOf(part)).map((row) => `${row.id.replace("ticket-", "")}.${row.dataset["version"] ?? ""}`);
  url.searchParams.set("rows", rows.join(","));
  const lanes = part.querySelectorAll<HTMLElement>("[data-lane]");
  for (const lane of lanes) {
    url.searchParams.append("lane", lane.dataset["lane"] ?? "");
    url.searchParams.append("until", until(lane));
  }
  if (lanes.length === 0) url.searchParams.set("until", until(part));
  url.searchParams.set("since", part.dataset["liveSince"] ?? "");
  url.searchParams.set("top", part.dataset["liveTop"] ?? "");
  return url;
}

/** Puts a newer row in the place of one that is shown; what the reader did with it stays. */
function replace(old: HTMLElement, row: HTMLElement): void {
  const focused = old === document.activeElement || old.contains(document.activeElement);
  const box = old.querySelector<HTMLInputElement>(".s-cell-select input");
  const newBox = row.querySelector<HTMLInputElement>(".s-cell-select input");
  // A short list has no boxes to choose rows by.
  if (!box) row.querySelector(".s-cell-select")?.remove();
  else if (newBox) newBox.checked = box.checked;
  if (old.hasAttribute("aria-selected")) row.setAttribute("aria-selected", "true");
  row.classList.add("s-fresh", "s-row-unread");
  if (old.hasAttribute("aria-current")) row.setAttribute("aria-current", "true");
  old.replaceWith(row);
  htmx.process(row);
  if (focused) row.focus({ preventScroll: true });
  row.dispatchEvent(new CustomEvent("live-row", { bubbles: true }));
}

/** Puts an answer in its places; tells whether anything changed. */
function take(part: HTMLElement, answer: string): boolean {
  const template = document.createElement("template");
  template.innerHTML = answer;
  const root = template.content.querySelector<HTMLElement>("[data-new]");
  if (!root) return false;
  let changed = showNew(part, root);
  for (const row of root.querySelectorAll<HTMLElement>("[id^=ticket-]")) {
    const old = part.querySelector<HTMLElement>(`#${CSS.escape(row.id)}`);
    if (!old) continue;
    replace(old, row);
    changed = true;
  }
  return changed;
}

/** Shows how many are new, without those that are here beyond what was asked about. */
function showNew(part: HTMLElement, root: HTMLElement): boolean {
  const pill = root.querySelector<HTMLElement>("#new-pill");
  const place = part.querySelector<HTMLElement>("#new-pill");
  if (!pill || !place) return false;
  const ids = (root.dataset["new"] ?? "").split(",").filter(Boolean);
  const count = ids.filter((id) => !document.getElementById(`ticket-${id}`)).length;
  const text = [...(pill.querySelector(".s-pill")?.childNodes ?? [])].find((n) => n.nodeType === Node.TEXT_NODE && n.textContent?.trim());
  if (count === 0) pill.replaceChildren();
  else if (text && count !== ids.length) text.textContent = (text.textContent ?? "").replace(/\d+/, String(count));
  if (pill.textContent?.trim() === place.textContent?.trim()) return false;
  place.replaceWith(pill);
  return true;
}

let countsTimer: ReturnType<typeof setTimeout> | undefined;

/** Counting costs more than a row: not at every change. */
function countsDue(): void {
  countsTimer ??= setTimeout(() => {
    countsTimer = undefined;
    htmx.trigger(document.body, "counts-due");
  }, countsPause);
}

async function ask(part: HTMLElement, state: Following): Promise<void> {
  state.asking = true;
  state.again = false;
  state.last = Date.now();
  try {
    const answer = await fetch(question(part), { headers: { "HX-Request": "true" } });
    // Signed out or a server that starts anew: the next message asks again.
    if (answer.ok && part.isConnected && take(part, await answer.text())) countsDue();
  } catch {
    // The live sign already says that the server is away; "live-resumed" asks again.
  }
  state.asking = false;
  if (state.again) later(part, state);
}

function later(part: HTMLElement, state: Following): void {
  if (state.asking) {
    state.again = true;
    return;
  }
  const wait = Math.max(settle, state.last + pause - Date.now());
  state.timer ??= setTimeout(() => {
    state.timer = undefined;
    void ask(part, state);
  }, wait);
}

function something(part: HTMLElement): void {
  let state = following.get(part);
  if (!state) {
    state = { asking: false, again: false, timer: undefined, last: 0 };
    following.set(part, state);
  }
  later(part, state);
}

function start(): void {
  const all = (): void => lists().forEach(something);
  for (const name of new Set(lists().map((part) => part.dataset["liveEvent"] ?? ""))) {
    if (name) document.addEventListener(name, all);
  }
  document.addEventListener("live-resumed", all);
  // Something was done with a row of this page: no need to wait for the stream.
  document.addEventListener("desk-changed", all);
  // What was opened is read.
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest(":is(.s-row, .s-tile) a[href]") : null;
    link?.closest(".s-row, .s-tile")?.classList.remove("s-row-unread");
  });
}

start();
