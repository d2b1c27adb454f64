// Who else looks at the record, and who is typing: the event "presence" of the
// stream, shown in the page's presence strip (ui.Presence).
import { make } from "./dom";
import { words } from "./words";

interface Present {
  id: number;
  name: string;
  typing: boolean;
}

const hues = 8;

/** The colour of a name, the same that the server gives it (FNV-1a). */
function hue(name: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash % hues;
}

function initials(name: string): string {
  const parts = name.split(/[\s._]+/).filter(Boolean);
  const letters = parts.length > 1 ? [parts[0], parts[parts.length - 1]] : parts;
  return letters.map((part) => [...(part ?? "")][0]?.toLocaleUpperCase() ?? "").join("") || "?";
}

function list(names: string[]): string {
  const last = names[names.length - 1] ?? "";
  return names.length < 2 ? last : words("and", names.slice(0, -1).join(", "), last);
}

function render(strip: HTMLElement, present: Present[]): void {
  // One person may look from several screens.
  const others = new Map<number, Present>();
  for (const p of present) {
    if (String(p.id) === strip.dataset["self"]) continue;
    others.set(p.id, { ...p, typing: p.typing || (others.get(p.id)?.typing ?? false) });
  }
  const everyone = [...others.values()];
  const typing = everyone.filter((p) => p.typing).map((p) => p.name);
  const nodes: Node[] = everyone.map((p) => {
    const avatar = make("span", `s-avatar s-hue-${hue(p.name)}`, initials(p.name));
    avatar.title = p.name;
    avatar.setAttribute("aria-hidden", "true");
    return avatar;
  });
  if (typing.length > 0) {
    const said = make("span", "s-typing");
    const dots = make("span", "s-typing-dots");
    dots.setAttribute("aria-hidden", "true");
    dots.append(make("i"), make("i"), make("i"));
    said.append(dots, words(typing.length === 1 ? "typing" : "typingMany", list(typing)));
    nodes.push(said);
  } else if (everyone.length > 0) {
    nodes.push(make("span", "s-typing", words("looking", list(everyone.map((p) => p.name)))));
  }
  strip.replaceChildren(...nodes);
}

export function startPresence(): void {
  document.addEventListener("presence", (event) => {
    const { data } = (event as CustomEvent<{ data: string }>).detail;
    const message = JSON.parse(data) as { key: string; data: Present[] | null };
    for (const strip of document.querySelectorAll<HTMLElement>(".s-presence[data-topic]")) {
      if (strip.dataset["topic"] === message.key) render(strip, message.data ?? []);
    }
  });
}
