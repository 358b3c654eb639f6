import type { Schedule, Slot } from "../content";
import { h } from "./dom";
import { place } from "./place";
import { clock, day, fill, when, zoneOf, type View } from "./view";

let pickers = 0; // for the names of radio groups

/** schedule offers times, by day: those of the place if it names its zone, else the visitor's. */
export function schedule(s: Schedule, view: View): HTMLElement {
  const zone = zoneOf(s.zone);
  const box = h("div", { class: "card schedule" }, h("strong", { dir: "auto" }, s.title));
  if (s.text) box.append(h("p", { dir: "auto" }, s.text));
  if (s.location) box.append(place(s.location, view));
  const radios = new Map<HTMLInputElement, Slot>();
  const group = "slot-" + pickers++;
  for (const [title, slots] of byDay(s.slots, view, zone)) box.append(oneDay(title, slots, { view, zone, group, radios }));
  if (zone && zone !== Intl.DateTimeFormat().resolvedOptions().timeZone) box.append(h("small", {}, fill(view.t.times, { zone: zone.replace(/_/g, " ") })));
  if (!view.answer) box.append(confirm(radios, view, zone));
  return box;
}

function byDay(slots: Slot[], view: View, zone: string | undefined): Map<string, Slot[]> {
  const days = new Map<string, Slot[]>();
  for (const slot of [...slots].sort((a, b) => Date.parse(a.start) - Date.parse(b.start))) {
    const title = day(new Date(slot.start), view.tag, zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone);
    days.set(title, [...(days.get(title) ?? []), slot]);
  }
  return days;
}

interface Group {
  view: View;
  zone: string | undefined;
  group: string;
  radios: Map<HTMLInputElement, Slot>;
}

function oneDay(title: string, slots: Slot[], { view, zone, group, radios }: Group): HTMLElement {
  const box = h("fieldset", {}, h("legend", {}, title));
  for (const slot of slots) {
    const chosen = view.answer?.option === slot.id;
    const radio = h("input", { type: "radio", name: group, checked: chosen, disabled: !!view.answer });
    radios.set(radio, slot);
    box.append(h("label", { class: "button time" }, radio, h("span", {}, clock(new Date(slot.start), view.tag, zone))));
  }
  return box;
}

function confirm(radios: Map<HTMLInputElement, Slot>, view: View, zone: string | undefined): HTMLElement {
  const button = h("button", { type: "button", class: "button main", disabled: true }, view.t.confirm);
  for (const radio of radios.keys()) radio.addEventListener("change", () => (button.disabled = false));
  button.addEventListener("click", () => {
    for (const [radio, slot] of radios) if (radio.checked) view.pick(slot.id, when(slot.start, view, zone));
  });
  return button;
}
