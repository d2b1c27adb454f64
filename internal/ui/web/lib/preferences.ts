// Theme and density change at once; the server is told beside it and renders
// the choice into the next page, so there is no flash.
import { on } from "./dom";
import { toast } from "./toasts";
import { words } from "./words";

const year = 365 * 24 * 60 * 60;

export function startPreferences(): void {
  // Before a person chose a zone, times are told in the browser's.
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone) document.cookie = `zone=${encodeURIComponent(zone)}; path=/; max-age=${year}; samesite=lax`;

  on("submit", "form[data-preference]", (form, event) => {
    const button = event.submitter;
    if (!(form instanceof HTMLFormElement) || !(button instanceof HTMLButtonElement)) return;
    event.preventDefault();
    const attribute = form.dataset["preference"] === "theme" ? "data-bs-theme" : "data-density";
    document.documentElement.setAttribute(attribute, button.value);
    for (const other of form.querySelectorAll("button[name]")) {
      other.setAttribute("aria-pressed", String(other === button));
    }
    void save(form.action, button.name, button.value);
  });
}

async function save(url: string, name: string, value: string): Promise<void> {
  try {
    const answer = await fetch(url, { method: "POST", body: new URLSearchParams({ [name]: value }), redirect: "manual", keepalive: true });
    if (answer.status < 400) return;
  } catch {
    // told below
  }
  toast({ text: words("failed"), tone: "critical" });
}
