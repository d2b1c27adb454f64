// The board: keys walk between its columns, and a card is carried to another one
// by pointer or by key. The server does what the move means and says what is not
// possible; a card stands in its new column when the server says that it does.
// What others move stays where it is, marked, until the list is loaded anew.
import htmx from "htmx.org";

import { make, on, takesText } from "./lib/dom";

const far = 6; // pixels that tell a drag from a click
const hold = 350; // milliseconds that a finger rests before it carries
const edge = 48; // pixels at which the board scrolls under what is carried
const dialogs = "#record-dialog";

const boardOf = (element: Element | null): HTMLElement | null => element?.closest<HTMLElement>("[data-board]") ?? null;
const lanesOf = (board: Element): HTMLElement[] => [...board.querySelectorAll<HTMLElement>("[data-lane]")];
const tilesOf = (lane: Element): HTMLElement[] => [...lane.querySelectorAll<HTMLElement>(".s-tile[data-row]")];

/** The card that the reader did something with last: its move is theirs. */
let own = "";

/** Asks the server to move a card to a column. */
function move(tile: HTMLElement, lane: HTMLElement | undefined): void {
  const board = boardOf(tile);
  if (!board || !lane || lane === tile.closest("[data-lane]")) return;
  own = tile.id;
  const values = { by: board.dataset["board"] ?? "", to: lane.dataset["lane"] ?? "", version: tile.dataset["version"] ?? "" };
  tile.classList.add("s-tile-leaving");
  void htmx
    .ajax("POST", `/queue/tickets/${encodeURIComponent(tile.dataset["number"] ?? "")}/move`, { source: tile, target: dialogs, swap: "innerHTML", values })
    .finally(() => tile.classList.remove("s-tile-leaving"));
}

function shift(tile: HTMLElement, step: number): void {
  const board = boardOf(tile);
  const lane = tile.closest<HTMLElement>("[data-lane]");
  if (!board || !lane) return;
  const lanes = lanesOf(board);
  move(tile, lanes[lanes.indexOf(lane) + step]);
}

/** Puts a card that came anew where it belongs, or says where that is. */
function settle(tile: HTMLElement): void {
  const board = boardOf(tile);
  const lane = tile.closest<HTMLElement>("[data-lane]");
  const value = tile.dataset["value"];
  if (!board || !lane || value === undefined || value === lane.dataset["lane"]) return;
  const to = lanesOf(board).find((l) => l.dataset["lane"] === value);
  if (to && tile.id === own) {
    const focused = tile.contains(document.activeElement);
    to.querySelector(".s-tiles")?.prepend(tile);
    if (focused) tile.focus({ preventScroll: true });
    tile.scrollIntoView({ block: "nearest", inline: "nearest" });
    return;
  }
  const now = tile.querySelector<HTMLElement>(".s-tile-now");
  if (now) now.hidden = false;
  tile.classList.add("s-row-muted");
}

/** Goes to the card at the same height of a neighbouring column that has any. */
function sideways(step: number): void {
  const tile = document.activeElement?.closest<HTMLElement>(".s-tile[data-row]") ?? null;
  const board = boardOf(tile) ?? document.querySelector<HTMLElement>("[data-board]");
  if (!board) return;
  const lanes = lanesOf(board);
  const lane = tile?.closest<HTMLElement>("[data-lane]") ?? null;
  const row = tile && lane ? tilesOf(lane).indexOf(tile) : 0;
  const from = lane ? lanes.indexOf(lane) + step : 0;
  for (let i = from; i >= 0 && i < lanes.length; i += lane ? step : 1) {
    const tiles = tilesOf(lanes[i] as HTMLElement);
    const next = tiles[Math.min(row, tiles.length - 1)];
    if (!next) continue;
    next.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest", inline: "nearest" });
    return;
  }
}

function startKeys(): void {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (takesText(document.activeElement) || document.querySelector("dialog[open], .s-menu-list:popover-open, .s-tile-carried")) return;
    if (!document.querySelector("[data-board]")) return;
    switch (event.key) {
      case "ArrowLeft":
      case "h":
        sideways(-1);
        break;
      case "ArrowRight":
      case "l":
        sideways(1);
        break;
      default:
        return;
    }
    event.preventDefault();
  });
  on("click", "[data-board] button[name=shift]", (button) => {
    const tile = button.closest<HTMLElement>(".s-tile");
    if (tile && button instanceof HTMLButtonElement) shift(tile, Number(button.value));
  });
}

/** A card under way: its picture follows the pointer, the card itself stays. */
interface Carried {
  tile: HTMLElement;
  picture: HTMLElement;
  dx: number;
  dy: number;
  over: HTMLElement | null;
}

let carried: Carried | undefined;

function lift(tile: HTMLElement, x: number, y: number): void {
  const box = tile.getBoundingClientRect();
  const picture = make("div", "s-tile s-tile-carried");
  picture.setAttribute("aria-hidden", "true");
  picture.inert = true;
  for (const part of tile.querySelectorAll(".s-tile-top, .s-tile-title")) picture.append(part.cloneNode(true));
  picture.style.width = `${box.width}px`;
  document.body.append(picture);
  tile.classList.add("s-tile-leaving");
  boardOf(tile)?.classList.add("s-board-carrying");
  carried = { tile, picture, dx: x - box.left, dy: y - box.top, over: null };
  carry(x, y);
}

function carry(x: number, y: number): void {
  if (!carried) return;
  const { picture, dx, dy } = carried;
  picture.style.transform = `translate(${x - dx}px, ${y - dy}px)`;
  const over = document.elementFromPoint(x, y)?.closest<HTMLElement>("[data-lane]") ?? null;
  if (over !== carried.over) {
    carried.over?.classList.remove("s-lane-over");
    over?.classList.add("s-lane-over");
    carried.over = over;
  }
  const board = boardOf(carried.tile);
  if (!board) return;
  const box = board.getBoundingClientRect();
  if (x > box.right - edge) board.scrollLeft += 12;
  else if (x < box.left + edge) board.scrollLeft -= 12;
}

function drop(there: boolean): void {
  if (!carried) return;
  const { tile, picture, over } = carried;
  carried = undefined;
  picture.remove();
  over?.classList.remove("s-lane-over");
  tile.classList.remove("s-tile-leaving");
  boardOf(tile)?.classList.remove("s-board-carrying");
  tile.focus({ preventScroll: true });
  if (there && over) move(tile, over);
}

function startPointer(): void {
  let down: { tile: HTMLElement; x: number; y: number; id: number; timer?: ReturnType<typeof setTimeout> } | undefined;
  let dragged = false;
  const end = (): void => {
    clearTimeout(down?.timer);
    down = undefined;
  };

  document.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !event.isPrimary || !(event.target instanceof Element)) return;
    const tile = event.target.closest<HTMLElement>(".s-tile-moves");
    if (!tile || event.target.closest("button, input, .s-row-actions")) return;
    const { clientX: x, clientY: y, pointerId: id } = event;
    down = { tile, x, y, id };
    dragged = false;
    // A finger that moves at once scrolls; one that rests first carries.
    if (event.pointerType === "touch") {
      down.timer = setTimeout(() => {
        dragged = true;
        lift(tile, x, y);
      }, hold);
    }
  });
  document.addEventListener("pointermove", (event) => {
    if (!down || event.pointerId !== down.id) return;
    if (carried) {
      carry(event.clientX, event.clientY);
      return;
    }
    if (Math.hypot(event.clientX - down.x, event.clientY - down.y) < far) return;
    if (event.pointerType === "touch") {
      end();
      return;
    }
    dragged = true;
    lift(down.tile, down.x, down.y);
    carry(event.clientX, event.clientY);
  });
  document.addEventListener("pointerup", () => {
    drop(true);
    end();
  });
  document.addEventListener("pointercancel", () => {
    drop(false);
    end();
  });
  document.addEventListener("touchmove", (event) => carried && event.preventDefault(), { passive: false });
  document.addEventListener("contextmenu", (event) => carried && event.preventDefault());
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !carried) return;
    event.preventDefault();
    drop(false);
    end();
  });
  // The browser would carry the link's address, and follow it after the drop.
  document.addEventListener("dragstart", (event) => {
    if (event.target instanceof Element && event.target.closest(".s-tile-moves")) event.preventDefault();
  });
  document.addEventListener(
    "click",
    (event) => {
      if (!dragged) return;
      dragged = false;
      event.preventDefault();
      event.stopPropagation();
    },
    { capture: true },
  );
}

startKeys();
startPointer();
document.addEventListener("live-row", (event) => {
  if (event.target instanceof HTMLElement) settle(event.target);
});
// What is done from a card's own buttons is the reader's as well.
document.addEventListener("click", (event) => {
  const tile = event.target instanceof Element ? event.target.closest<HTMLElement>(".s-tile") : null;
  if (tile) own = tile.id;
});
// A refusal may mean that the card is no longer what it seemed to be.
document.addEventListener("htmx:response:error", (event) => {
  if (event.detail.ctx.sourceElement?.closest("[data-board]")) htmx.trigger(document.body, "desk-changed");
});
