// Menus are native popovers. Scripts add arrow keys, and the place for browsers
// that do not know CSS anchors.
import { on, placeBelow } from "./dom";
import { toast } from "./toasts";
import { words } from "./words";

const items = (menu: HTMLElement): HTMLElement[] =>
  [...menu.querySelectorAll<HTMLElement>("a[href], button, input, select")].filter((e) => !e.matches(":disabled"));

export function startMenus(): void {
  document.addEventListener(
    "toggle",
    (event) => {
      const menu = event.target;
      // htmx would copy the place of a closed popover onto what takes its place, which the policy forbids.
      if (menu instanceof HTMLElement && (event as ToggleEvent).newState === "closed") menu.removeAttribute("style");
      if (!(menu instanceof HTMLElement) || !menu.matches(".s-menu-list")) return;
      if ((event as ToggleEvent).newState !== "open") return;
      const opener = document.querySelector(`[popovertarget="${CSS.escape(menu.id)}"]`);
      if (opener && !CSS.supports("position-area: block-end")) {
        placeBelow(menu, opener, !menu.classList.contains("s-menu-start"));
      }
    },
    true,
  );
  on("keydown", ".s-menu-list", (menu, event) => {
    const all = items(menu);
    const at = all.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    all[(to + all.length) % all.length]?.focus();
  });
  on("keydown", "[popovertarget]", (opener, event) => {
    if (event.key !== "ArrowDown") return;
    const menu = document.getElementById(opener.getAttribute("popovertarget") ?? "");
    if (!menu?.matches(".s-menu-list")) return;
    event.preventDefault();
    if (!menu.matches(":popover-open")) opener.click();
    items(menu)[0]?.focus();
  });
  on("click", "button.s-menu-item", (item) => {
    const menu = item.closest<HTMLElement>("[popover]");
    if (menu?.matches(":popover-open")) menu.hidePopover();
  });
  on("click", "[data-copy]", (button) => {
    const value = button.dataset["copy"] ?? "";
    const isPath = /^\/[^\s/][^\s]*$/.test(value);
    void copy(isPath ? new URL(value, location.href).href : value);
  });
  on("change", "[data-submit-on-change]", (field) => {
    if (field instanceof HTMLSelectElement) field.form?.requestSubmit();
  });
}

async function copy(text: string): Promise<void> {
  await navigator.clipboard.writeText(text);
  toast({ text: words("copied"), tone: "success" });
}
