import type { Location } from "../content";
import { h, icon, link, safe } from "./dom";
import type { View } from "./view";

/** place is a location with a way to a map. */
export function place(l: Location, view: View): HTMLElement {
  const map = safe(l.url) ?? `https://www.openstreetmap.org/?mlat=${l.latitude}&mlon=${l.longitude}#map=16/${l.latitude}/${l.longitude}`;
  const words = h("span", { dir: "auto" }, l.name || view.t.location, h("small", {}, l.address || `${l.latitude.toFixed(5)}, ${l.longitude.toFixed(5)}`));
  return link(map, { class: "item" }, icon("place"), words);
}
