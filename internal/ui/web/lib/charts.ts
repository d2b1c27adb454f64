// Charts by keyboard: one stop for Tab, the arrow keys from point to point, and
// what the point says beside the chart, for the pointer as well.
import { on } from "./dom";

const pointsOf = (chart: Element): SVGElement[] => [...chart.querySelectorAll<SVGElement>("svg [data-chart-point]")];

/** Leaves one point of a chart in the order of Tab. */
function rove(chart: Element, to: SVGElement | undefined): void {
  for (const point of pointsOf(chart)) point.setAttribute("tabindex", point === to ? "0" : "-1");
}

function prepare(): void {
  for (const chart of document.querySelectorAll("[data-chart]:not([data-chart-ready])")) {
    chart.setAttribute("data-chart-ready", "");
    const points = pointsOf(chart);
    rove(chart, points[points.length - 1]); // the latest says most
  }
}

function say(point: Element): void {
  const readout = point.closest("[data-chart]")?.querySelector("[data-chart-readout]");
  if (readout) readout.textContent = point.getAttribute("aria-label") ?? "";
}

const steps: Record<string, (at: number, n: number) => number> = {
  ArrowLeft: (at) => at - 1,
  ArrowRight: (at) => at + 1,
  ArrowUp: (at) => at - 1,
  ArrowDown: (at) => at + 1,
  Home: () => 0,
  End: (_, n) => n - 1,
};

export function startCharts(): void {
  prepare();
  document.addEventListener("htmx:after:settle", prepare);
  document.addEventListener("focusin", (event) => {
    const point = event.target instanceof Element ? event.target.closest<SVGElement>("svg [data-chart-point]") : null;
    const chart = point?.closest("[data-chart]");
    if (!point || !chart) return;
    rove(chart, point);
    say(point);
  });
  on("input", "input[data-range]", (range) => {
    const said = range.parentElement?.querySelector("output");
    if (said && range instanceof HTMLInputElement) said.textContent = `${range.value} %`;
  });
  on("pointerover", "[data-chart]", (_, event) => {
    const point = event.target instanceof Element ? event.target.closest("svg [data-chart-point]") : null;
    if (point) say(point);
  });
  document.addEventListener("keydown", (event) => {
    const step = steps[event.key];
    const point = document.activeElement?.closest<SVGElement>("svg [data-chart-point]");
    const chart = point?.closest("[data-chart]");
    if (!step || !point || !chart || event.ctrlKey || event.metaKey || event.altKey) return;
    const points = pointsOf(chart);
    const next = points[step(points.indexOf(point), points.length)];
    event.preventDefault();
    next?.focus();
  });
}
