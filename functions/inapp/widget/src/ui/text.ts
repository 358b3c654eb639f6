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

function formatted({ body, format, entities }: Text): (Node | string)[] {
  if (body.length > longest) return [body];
  if (format === "markdown") return blocks(body);
  return entities?.length ? marked(body, entities) : links(body);
}

const address = /\bhttps?:\/\/[^\s<>"]+[^\s<>"'.,;:!?)\]}]/gi;

/** links makes addresses in plain text links. */
function links(body: string): (Node | string)[] {
  return split(body, address, (match) => link(match[0], {}, match[0]));
}

function split(body: string, pattern: RegExp, node: (match: RegExpMatchArray) => Node | string): (Node | string)[] {
  const parts: (Node | string)[] = [];
  let end = 0;
  for (const match of body.matchAll(pattern)) {
    parts.push(body.slice(end, match.index), node(match));
    end = match.index! + match[0].length;
  }
  return [...parts, body.slice(end)];
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
  return ends.slice(1).map((end, i) => {
    const start = ends[i]!;
    const over = entities.filter((e) => e.offset <= start && e.offset + e.length >= end);
    return over.reduce<Node | string>((inner, e) => wrap(inner, e, body), body.slice(start, end));
  });
}

function wrap(inner: Node | string, e: Entity, body: string): Node | string {
  const tag = tags[e.type];
  if (tag) return h(tag, {}, inner);
  const words = body.slice(e.offset, e.offset + e.length);
  if (e.type === "link" || e.type === "url") return link(e.value || words, {}, inner);
  if (e.type === "email") return link("mailto:" + words, {}, inner);
  if (e.type === "phone") return link("tel:" + words.replace(/[^+\d]/g, ""), {}, inner);
  return inner;
}

// What the contract's markdown has: bold, italic, strikethrough, code, links and lists.
const inline =
  /(\*\*|__)(?=\S)(.+?)\1|(?<![\w*])([*_])(?=\S)([^*_\n]+?)\3(?!\w)|~~(.+?)~~|`([^`\n]+)`|\[([^\]\n]+)\]\((https?:[^)\s]+)\)|(\bhttps?:\/\/[^\s<>"]+[^\s<>"'.,;:!?)\]}*_~])/g;

function spans(body: string): (Node | string)[] {
  return split(body, inline, ([all, , bold, , italic, struck, code, label, href, bare]) => {
    if (bold) return h("strong", {}, ...spans(bold));
    if (italic) return h("em", {}, ...spans(italic));
    if (struck) return h("s", {}, ...spans(struck));
    if (code) return h("code", {}, code);
    return bare ? link(bare, {}, bare) : href ? link(href, {}, label) : all;
  });
}

const bullet = /^\s{0,3}[-*+]\s+(.*)$/;
const numbered = /^\s{0,3}\d{1,9}[.)]\s+(.*)$/;

function blocks(body: string): (Node | string)[] {
  const out: (Node | string)[] = [];
  let list: HTMLElement | undefined;
  const pieces = body.split(/^```.*\n([\s\S]*?)\n?```[ \t]*$/m); // odd ones are code
  for (const [i, piece] of pieces.entries()) {
    if (i % 2) out.push(h("pre", {}, piece));
    else for (const line of piece.split("\n")) list = lineInto(out, line, list);
  }
  return out;
}

/** lineInto adds a line and returns the list it continues. */
function lineInto(out: (Node | string)[], line: string, list: HTMLElement | undefined): HTMLElement | undefined {
  const item = bullet.exec(line) ?? numbered.exec(line);
  if (!item) {
    if (out.length && !list) out.push("\n");
    out.push(...spans(line));
    return undefined;
  }
  const tag = bullet.test(line) ? "ul" : "ol";
  if (list?.localName !== tag) out.push((list = h(tag)));
  list.append(h("li", {}, ...spans(item[1]!)));
  return list;
}
