type Props = Record<string, string | number | boolean | undefined | ((event: never) => void)>;
type Child = Node | string | false | undefined;

/** h makes an element. Text becomes text nodes, functions become listeners: nothing is ever parsed as HTML. */
export function h<K extends keyof HTMLElementTagNameMap>(tag: K, props: Props = {}, ...children: Child[]): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (typeof value === "function") element.addEventListener(name, value as unknown as EventListener);
    else set(element, name, value);
  }
  element.append(...children.filter((child) => child !== false && child !== undefined));
  return element;
}

/** set sets or removes an attribute. */
export function set(element: Element, name: string, value: string | number | boolean | undefined): void {
  if (value === undefined || value === false) element.removeAttribute(name);
  else element.setAttribute(name, value === true ? "" : String(value));
}

const paths = {
  chat: "M4 4h16v12H9l-5 5Z",
  close: "m6 6 12 12M18 6 6 18",
  send: "M4 12 20 4l-5 16-4-7-7-1Z",
  attach: "m20 11-8.5 8.5a5 5 0 0 1-7-7L13 4a3.3 3.3 0 0 1 4.7 4.7l-8.5 8.4a1.7 1.7 0 0 1-2.3-2.3L14.5 7",
  more: "M6 12h.01M12 12h.01M18 12h.01",
  reply: "m9 7-5 5 5 5M4 12h10a6 6 0 0 1 6 6",
  file: "M6 3h8l4 4v14H6V3Zm8 0v4h4",
  place: "M12 21s7-6.5 7-11.5a7 7 0 0 0-14 0C5 14.5 12 21 12 21Zm0-9.5v.01",
  forth: "m9 5 7 7-7 7",
  back: "m15 5-7 7 7 7",
  down: "m5 9 7 7 7-7",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8Zm-8 9c0-4 3.6-6 8-6s8 2 8 6",
};

/** Icon names a drawing. */
export type Icon = keyof typeof paths;

/** icon draws; it says nothing to a screen reader. */
export function icon(name: Icon): SVGElement {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS(svg.namespaceURI, "path");
  set(svg, "viewBox", "0 0 24 24");
  set(svg, "aria-hidden", "true");
  set(svg, "class", "icon " + name);
  set(path, "d", paths[name]);
  svg.append(path);
  return svg;
}

/** iconButton is a button whose label only a screen reader and a pointer that rests see. */
export function iconButton(name: Icon, label: string, click: () => void, props: Props = {}): HTMLButtonElement {
  return h("button", { type: "button", class: "icon-button", "aria-label": label, title: label, click, ...props }, icon(name));
}

// Controls that turn the reading direction make a name look like another one
// (photo_gpj.exe). https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing
const turns = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** name is a short text of somebody else's: a file's, a person's. */
export function name(text: string): string {
  return text.replace(turns, "").slice(0, 200);
}

/** safe is the address, if it has one of the schemes and no user name. */
export function safe(address: string | undefined, schemes = ["https:", "http:"]): string | undefined {
  try {
    const url = new URL(address!);
    return schemes.includes(url.protocol) && !url.username ? url.href : undefined;
  } catch {
    return undefined;
  }
}

/** link leads out of the page; without a safe address it is plain text. */
export function link(address: string | undefined, props: Props, ...children: Child[]): HTMLElement {
  const href = safe(address, ["https:", "http:", "mailto:", "tel:"]);
  if (!href) return h("span", props, ...children);
  return h("a", { href, target: "_blank", rel: "noopener noreferrer", ...props }, ...children);
}
