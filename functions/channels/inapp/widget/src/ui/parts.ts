import type { Card, Content, Interaction, Link, Order, Payment, Product } from "../content";
import { cards, choice } from "./choice";
import { h, icon, link } from "./dom";
import { form } from "./form";
import { label, media, picture } from "./media";
import { place } from "./place";
import { schedule } from "./schedule";
import { text } from "./text";
import { money, when, zoneOf, type View } from "./view";

/** part shows one part of a message. What has no words here is said politely, and what breaks harms nothing else. */
export function part(content: Content, view: View): HTMLElement {
  try {
    return shown(content, view) ?? unknown(view);
  } catch {
    return unknown(view);
  }
}

function unknown(view: View): HTMLElement {
  return h("p", { class: "bubble note" }, view.t.unknown);
}

function shown(c: Content, view: View): HTMLElement | undefined {
  switch (c.kind) {
    case "text":
      return h("div", { class: "bubble" }, text(c.text!, view.t));
    case "media":
      return media(c.media!, view);
    case "location":
      return h("div", { class: "card" }, place(c.location!, view));
    case "contacts":
      return h("div", { class: "card" }, ...c.contacts!.map(contact));
    case "choice":
      return choice(c.choice!, view);
    case "cards":
      return cards(c.cards!, view);
    case "form":
      return form(c.form!, view);
    case "schedule":
      return schedule(c.schedule!, view);
    case "payment":
      return payment(c.payment!, view);
    case "product":
      return product(c.product!, view);
    case "order":
      return order(c.order!, view);
    case "template":
      return template(c, view);
    case "link":
      return preview(c.link!);
    case "interaction":
      return h("div", { class: "bubble" }, answer(c.interaction!, view));
    default:
      return undefined;
  }
}

function template(c: Content, view: View): HTMLElement | undefined {
  const { fallback } = c.template!;
  return fallback?.length ? h("div", { class: "parts" }, ...fallback.map((inner) => part(inner, view))) : undefined;
}

function contact(c: Card): HTMLElement {
  const ways = [
    ...(c.phones ?? []).map((p) => link("tel:" + p.value.replace(/[^+\d]/g, ""), {}, p.value)),
    ...(c.emails ?? []).map((e) => link("mailto:" + e.value, {}, e.value)),
    ...(c.urls ?? []).map((u) => link(u.value, {}, u.value)),
    ...(c.addresses ?? []).map((a) => h("span", {}, a.value)),
  ];
  const title = h("span", { dir: "auto" }, c.name, c.company !== undefined && h("small", {}, c.company));
  return h("div", { class: "contact" }, h("div", { class: "item" }, icon("person"), title), ...ways);
}

function preview(l: Link): HTMLElement {
  const words = h("span", { dir: "auto" }, h("strong", {}, l.title || l.url), l.text !== undefined && h("small", {}, l.text));
  return link(l.url, { class: "card preview" }, picture(l.image), words);
}

function product(p: Product, view: View): HTMLElement {
  const box = h("div", { class: "card" }, picture(p.image), h("strong", { dir: "auto" }, p.title || p.id));
  if (p.text) box.append(h("p", { dir: "auto" }, p.text));
  if (p.price) box.append(h("span", {}, money(p.price, view.tag)));
  if (p.url) box.append(link(p.url, { class: "button" }, view.t.openPage));
  return box;
}

function lines(rows: [string, string][], total?: [string, string]): HTMLElement {
  const row = ([what, much]: [string, string], kind = ""): HTMLElement => h("div", { class: kind }, h("dt", { dir: "auto" }, what), h("dd", {}, much));
  return h("dl", { class: "lines" }, ...rows.map((r) => row(r)), total && row(total, "total"));
}

function order(o: Order, view: View): HTMLElement {
  const rows = o.items.map((i): [string, string] => {
    const price = i.price && { amount: i.price.amount * i.quantity, currency: i.price.currency };
    return [`${i.quantity} × ${i.name || i.product}`, price ? money(price, view.tag) : ""];
  });
  const prices = o.items.map((i) => i.price);
  const currency = prices[0]?.currency ?? "";
  const same = prices.every((p) => p && p.currency === currency);
  const sum = o.items.reduce((all, i) => all + (i.price?.amount ?? 0) * i.quantity, 0);
  const box = h("div", { class: "card" }, lines(rows, same ? [view.t.total, money({ amount: sum, currency }, view.tag)] : undefined));
  if (o.text) box.prepend(h("p", { dir: "auto" }, o.text));
  return box;
}

function payment(p: Payment, view: View): HTMLElement {
  const { t, tag } = view;
  const rows = (p.lines ?? []).map((l): [string, string] => [l.label, money(l.amount, tag)]);
  const box = h("div", { class: "card" }, h("strong", { dir: "auto" }, p.title || p.reference), lines(rows, p.amount && [t.total, money(p.amount, tag)]));
  const over = p.state === "expired" || (p.expiresAt && Date.parse(p.expiresAt) < Date.now());
  if (p.state === "paid") box.append(h("small", {}, t.paid));
  else if (over) box.append(h("small", {}, t.expired));
  else if (p.url) box.append(link(p.url, { class: "button main" }, t.pay));
  return box;
}

/** answer is what the visitor answered, in the words of the offer. */
function answer(a: Interaction, view: View): HTMLElement {
  const offer = view.original(a.of?.platformId)?.content ?? [];
  const slots = offer.find((c) => c.schedule)?.schedule;
  const slot = slots?.slots.find((s) => s.id === a.option);
  if (slot) return text({ body: when(slot.start, view, zoneOf(slots!.zone)) }, view.t);
  const said = a.text || (a.kind !== "form" && a.values?.map((v) => v.value).join(", "));
  if (said || !a.values?.length) return text({ body: said || a.option || view.t.sent }, view.t);
  const fields = offer.find((c) => c.form)?.form?.fields ?? [];
  const rows = a.values.map((v): [string, string] => {
    const field = fields.find((f) => f.id === v.name);
    return [field?.label ?? v.name, field?.options?.find((o) => o.id === v.value)?.label ?? v.value];
  });
  return lines(rows);
}

/** summary is a message in one line, for a quote or an announcement. */
export function summary(content: Content[], view: Pick<View, "t" | "tag">): string {
  const said = content.map((c) => wordsOf(c, view)).filter(Boolean);
  return said.join(" · ").slice(0, 300) || view.t.unknown;
}

function wordsOf(c: Content, { t }: Pick<View, "t" | "tag">): string | undefined {
  const titled = c.form ?? c.schedule ?? c.payment ?? c.link ?? c.product;
  if (c.media) return c.media.caption || label(c.media, { t });
  if (c.location) return c.location.name || t.location;
  const named = c.contacts?.map((p) => p.name) ?? c.cards?.map((p) => p.title);
  return c.text?.body ?? c.choice?.text ?? titled?.title ?? c.interaction?.text ?? named?.join(", ");
}
