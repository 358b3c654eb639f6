import type { Entity, Text } from "../content";
import { h, link } from "./dom";
import type { Strings } from "./strings";

const firstPart = 3000; // characters shown before "show all"
const longest = 8000; // beyond it nothing is formatted: patterns take their time

/** text is a paragraph as somebody wrote it. */
export function text(value: Text, t: Strings): HTMLElement {
  const box = h("div", { class: "text", dir: "auto" });
  if (value.body.length <= firstPart) {
    box.append(...formatted(value));
    return box;
  }
  const rest = h("button", { type: "button", class: "plain", click: () => box.replaceChildren(...formatted(value)) }, t.showAll);
  box.append(whole(value.body.slice(0, firstPart)) + "… ", rest);
  return box;
}

/** whole does not end in half a character. */
function whole(cut: string): string {
  return cut.replace(/[\ud800-\udbff]$/, "");
}

// Markdown has become entities on its way here.
function formatted({ body, entities }: Text): (Node | string)[] {
  if (body.length > longest) return [body];
  return entities?.length ? marked(body, entities) : links(body);
}

const address = /\bhttps?:\/\/[^\s<>"]+[^\s<>"'.,;:!?)\]}]/gi;

/** links makes addresses in plain text links. */
function links(body: string): (Node | string)[] {
  const found = [...body.matchAll(address)];
  const plain = body.split(address);
  return plain.flatMap((words, i) => (found[i] ? [words, link(found[i][0], {}, found[i][0])] : [words]));
}

const tags: Record<string, "strong" | "em" | "s" | "u" | "code"> = {
  bold: "strong",
  italic: "em",
  strikethrough: "s",
  underline: "u",
  code: "code",
  pre: "code",
};

/** marked cuts the text where entities begin and end, and wraps each piece in those that cover it. */
function marked(body: string, entities: Entity[]): (Node | string)[] {
  const cuts = new Set([0, body.length]);
  for (const e of entities) cuts.add(e.offset).add(e.offset + e.length);
  const ends = [...cuts].filter((at) => at >= 0 && at <= body.length).sort((a, b) => a - b);
  return ends.slice(1).flatMap((end, i) => {
    const start = ends[i]!;
    const words = body.slice(start, end);
    const over = entities.filter((e) => e.offset <= start && e.offset + e.length >= end);
    const inner = over.some((e) => target(e, body)) ? [words] : links(words);
    return over.reduce((inside, e) => wrap(inside, e, body), inner);
  });
}

function wrap(inside: (Node | string)[], e: Entity, body: string): (Node | string)[] {
  const tag = tags[e.type];
  const href = target(e, body);
  return tag ? [h(tag, {}, ...inside)] : href ? [link(href, {}, ...inside)] : inside;
}

/** target is where an entity leads, if it does. */
function target(e: Entity, body: string): string | undefined {
  const words = body.slice(e.offset, e.offset + e.length);
  switch (e.type) {
    case "link":
    case "url":
      return e.value || words;
    case "email":
      return "mailto:" + words;
    case "phone":
      return "tel:" + words.replace(/[^+\d]/g, "");
  }
  return undefined;
}
