import type { Choice, Option, Panel } from "../content";
import { h, icon, iconButton, link } from "./dom";
import { media, picture } from "./media";
import type { View } from "./view";

/** choice shows options: chips, buttons, or a list that opens. */
export function choice(c: Choice, view: View): HTMLElement {
  const box = h("div", { class: "card choice " + (c.style ?? "buttons") });
  if (c.header) box.append(media(c.header, view));
  if (c.title) box.append(h("strong", { dir: "auto" }, c.title));
  box.append(h("p", { dir: "auto" }, c.text));
  const list = c.multiple ? several(c.options, view) : options(c.options, view);
  const folded = (c.style === "list" || c.style === "picker" || c.button) && !view.answer;
  box.append(folded ? fold(c.button || view.t.choose, list) : list);
  if (c.footer) box.append(h("small", { dir: "auto" }, c.footer));
  return box;
}

/** cards shows panels side by side. */
export function cards(panels: Panel[], view: View): HTMLElement {
  const list = h("ul", { class: "cards", tabindex: 0 }, ...panels.map((p) => panel(p, view)));
  if (panels.length < 2) return list;
  const move = (step: number) => (): void => {
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const width = list.firstElementChild!.clientWidth + 10;
    list.scrollBy({ left: step * (view.rtl ? -width : width), behavior: still ? "auto" : "smooth" });
  };
  const arrows = h("div", { class: "arrows" }, iconButton("back", view.t.back, move(-1)), iconButton("forth", view.t.next, move(1)));
  return h("div", { class: "carousel" }, list, arrows);
}

function panel(p: Panel, view: View): HTMLElement {
  const box = h("li", { class: "card" });
  if (p.media) box.append(media(p.media, view));
  box.append(h("strong", { dir: "auto" }, p.title));
  if (p.text) box.append(h("p", { dir: "auto" }, p.text));
  if (p.options?.length) box.append(options(p.options, view, true));
  return box;
}

function fold(label: string, list: HTMLElement): HTMLElement {
  list.hidden = true;
  const button = h("button", { type: "button", class: "button fold", "aria-expanded": "false", dir: "auto" }, label, icon("down"));
  button.addEventListener("click", () => {
    list.hidden = !list.hidden;
    button.setAttribute("aria-expanded", String(!list.hidden));
  });
  return h("div", {}, button, list);
}

/** options lists what can be chosen once; what stands in a carousel may be chosen again. */
function options(all: Option[], view: View, again = false): HTMLElement {
  return sections(all, (o) => {
    return act(o, view, { chosen: chosen(o, view), done: !again && !!view.answer });
  });
}

/** chosen tells whether an option is the visitor's answer, or one of several. */
function chosen(o: Option, { answer }: View): boolean {
  return answer?.option === o.id || !!answer?.values?.some((v) => v.name === o.id);
}

/** sections groups the options under their headings. */
function sections(all: Option[], item: (o: Option) => HTMLElement): HTMLElement {
  const box = h("div", { class: "options" });
  let section = "";
  for (const o of all) {
    if (o.section && o.section !== section) box.append(h("h3", { dir: "auto" }, (section = o.section)));
    box.append(item(o));
  }
  return box;
}

function face(o: Option): HTMLElement {
  const words = h("span", { dir: "auto" }, o.label);
  if (o.description) words.append(h("small", {}, o.description));
  return h("span", { class: "face" }, picture(o.image), words);
}

function act(o: Option, view: View, { chosen, done }: { chosen: boolean; done: boolean }): HTMLElement {
  if (o.action === "url" || o.action === "webview") return link(o.value, { class: "button" }, face(o));
  if (o.action === "call") return link("tel:" + o.value, { class: "button" }, face(o));
  const click = (): void => {
    if (o.action === "location") view.locate();
    else if (o.action === "copy") void copy(o.value ?? "", view);
    else view.choose([o]);
  };
  return h("button", { type: "button", class: "button", "aria-pressed": chosen && "true", disabled: done && o.action !== "copy", click }, face(o));
}

async function copy(text: string, view: View): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    view.say(view.t.copied);
  } catch {
    view.say(text); // the page may not write to the clipboard; then it can be read
  }
}

function several(all: Option[], view: View): HTMLElement {
  const boxes = new Map<Option, HTMLInputElement>();
  const done = !!view.answer;
  const list = sections(all, (o) => {
    const box = h("input", { type: "checkbox", disabled: done, checked: chosen(o, view) });
    boxes.set(o, box);
    return h("label", { class: "button check" }, box, face(o));
  });
  const send = (): void => {
    const picked = all.filter((o) => boxes.get(o)!.checked);
    if (picked.length) view.choose(picked);
  };
  if (!done) list.append(h("button", { type: "button", class: "button main", click: send }, view.t.send));
  return list;
}
