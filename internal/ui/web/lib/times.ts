// Keeps "3 min ago" true while the page is open, in the same words as package
// text on the server.
import { words } from "./words";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

function duration(length: number): string {
  if (length < minute) return words("seconds", String(Math.floor(length / 1000)));
  if (length < hour) return words("minutes", String(Math.floor(length / minute)));
  const [unit, name, smaller, smallerName] = length < day ? [hour, "hours", minute, "minutes"] as const : [day, "days", hour, "hours"] as const;
  const rest = Math.floor((length % unit) / smaller);
  const whole = words(name, String(Math.floor(length / unit)));
  return rest === 0 ? whole : `${whole} ${words(smallerName, String(rest))}`;
}

/** Says when an instant is, seen from now; undefined leaves far dates as they are. */
export function relative(instant: number, now: number, due = false): string | undefined {
  const distance = instant - now;
  const length = Math.abs(distance);
  if (length >= 30 * day) return undefined;
  if (due && distance <= -minute) return words("overdue", duration(length));
  if (length < 45_000) return words("justNow");
  return distance > 0 ? words("in", duration(length)) : words("ago", duration(length));
}

function refresh(): void {
  const now = Date.now();
  for (const time of document.querySelectorAll<HTMLTimeElement>("time[data-relative]")) {
    const instant = Date.parse(time.dateTime);
    const due = time.dataset["relative"] === "due";
    const text = relative(instant, now, due);
    if (text && time.textContent !== text) time.textContent = text;
    if (due) time.classList.toggle("s-overdue", instant < now);
  }
}

export function startTimes(): void {
  setInterval(refresh, 20_000);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) refresh();
  });
}
