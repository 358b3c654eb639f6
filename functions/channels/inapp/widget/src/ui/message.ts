import type { Message } from "../timeline";
import { h, icon, iconButton, name, set } from "./dom";
import { part, summary } from "./parts";
import { clock, type View } from "./view";

/** Deeds are what can be done with a message as a whole. */
export interface Deeds {
  react(message: Message, emoji: string): void;
  reply(message: Message): void;
  retry(message: Message): void;
  discard(message: Message): void;
  jump(id: string): void;
}

/** Place is how a message stands among its neighbours. */
export interface Place {
  first: boolean; // of several by the same author
  last: boolean;
  newest: boolean; // of the visitor's own
}

const emojis = ["👍", "❤️", "😂", "😮", "😢", "🙏"];

/** MessageView is one message on the screen. It redraws only what has changed, so that a form half filled in stays. */
export class MessageView {
  readonly node = h("li", {});
  readonly #body = h("div", { class: "body" });
  readonly #chips = h("div", { class: "chips" });
  readonly #meta = h("div", { class: "meta" });
  #drawn = { body: "", meta: "" };
  #tray: HTMLElement | undefined;

  readonly #deeds: Deeds;

  constructor(deeds: Deeds) {
    this.#deeds = deeds;
  }

  update(view: View, place: Place): void {
    const { message: m } = view;
    const kind = `message ${m.mine ? "mine" : "theirs"} ${m.delivery ?? ""}${place.first ? " first" : ""}${place.last ? " last" : ""}`;
    if (this.node.className !== kind) this.node.className = kind;
    const quoted = view.original(m.replyTo);
    const body = JSON.stringify([m.content, m.deleted, m.id, view.answer, m.replyTo, quoted?.content, place.first]);
    if (body !== this.#drawn.body) this.#draw(view, quoted, place);
    const meta = JSON.stringify([m.time, m.edited, m.delivery, m.failure, m.reaction, m.reactions, place]);
    if (meta !== this.#drawn.meta) this.#about(view, place);
    this.#drawn = { body, meta };
  }

  /** fold closes the tray of reactions and tells whether it was open. */
  fold(): boolean {
    const open = !!this.#tray && !this.#tray.hidden;
    if (open) this.#toggle(false);
    return open;
  }

  #draw(view: View, quoted: Message | undefined, place: Place): void {
    const { message: m, t } = view;
    const who = m.mine ? t.you : name(m.author.name ?? "") || t.someone;
    const parts = m.deleted ? [h("p", { class: "bubble note" }, t.deleted)] : m.content.map((c) => part(c, view));
    this.#body.replaceChildren(...(m.replyTo ? [this.#quote(m.replyTo, quoted, view)] : []), ...parts);
    const author = h("div", { class: m.mine || !place.first ? "sr" : "author" }, h("bdi", {}, who));
    const tools = m.id && !m.deleted ? this.#tools(view) : [];
    this.node.replaceChildren(author, h("div", { class: "line" }, this.#body, ...tools.slice(0, 1)), ...tools.slice(1), this.#chips, this.#meta);
  }

  #quote(id: string, quoted: Message | undefined, view: View): HTMLElement {
    const words = quoted && !quoted.deleted ? summary(quoted.content, view) : view.t.deleted;
    const jump = (): void => this.#deeds.jump(id);
    return h("button", { type: "button", class: "quote", dir: "auto", disabled: !quoted, click: jump }, icon("reply"), quoted ? words : "…");
  }

  /** tools are a button and the tray it opens. */
  #tools(view: View): HTMLElement[] {
    const { t, message } = view;
    const id = "tray-" + message.id!;
    const more = { "aria-expanded": "false", "aria-controls": id, class: "icon-button more-button" };
    const button = iconButton("more", t.more, () => this.#toggle(!!this.#tray?.hidden), more);
    const react = (emoji: string) => (): void => {
      this.#toggle(false);
      this.#deeds.react(message, this.node.dataset["reaction"] === emoji ? "" : emoji);
    };
    const faces = message.mine ? [] : emojis.map((e) => h("button", { type: "button", class: "emoji", click: react(e) }, e));
    const reply = (): void => {
      this.#toggle(false);
      this.#deeds.reply(message);
    };
    this.#tray = h("div", { class: "tray", id, hidden: true, role: "group", "aria-label": t.more }, ...faces, iconButton("reply", t.reply, reply));
    return [button, this.#tray];
  }

  #toggle(open: boolean): void {
    if (!this.#tray) return;
    const button = this.node.querySelector<HTMLElement>(".more-button")!;
    this.#tray.hidden = !open;
    set(button, "aria-expanded", String(open));
    if (open) this.#tray.querySelector("button")!.focus();
    else button.focus();
  }

  #about(view: View, place: Place): void {
    const { message: m, t, tag } = view;
    this.node.dataset["reaction"] = m.reaction;
    for (const e of this.node.querySelectorAll(".emoji")) set(e, "aria-pressed", e.textContent === m.reaction && "true");
    this.#chips.replaceChildren(...[...m.reactions, m.reaction].filter(Boolean).map((e) => h("span", { class: "chip" }, e.slice(0, 16))));
    const state = m.delivery && (m.delivery !== "sent" || place.newest) ? t[m.failure === "too_large" ? "tooLarge" : m.delivery] : "";
    const said = place.newest || m.delivery === "sending" || m.delivery === "failed";
    const words = [clock(new Date(m.time), tag), m.edited && !m.deleted ? t.edited : "", said ? state : ""].filter(Boolean).join(" · ");
    const shown = place.last || m.edited || (said && state);
    this.#meta.replaceChildren(h("time", { datetime: m.time, class: shown ? "" : "sr" }, words));
    if (m.delivery === "failed") this.#meta.append(this.#again(view));
  }

  #again({ message, t }: View): HTMLElement {
    const button = (label: string, click: () => void): HTMLElement => h("button", { type: "button", class: "plain", click }, label);
    const retry = message.failure !== "too_large" && button(t.retry, () => this.#deeds.retry(message));
    return h("span", { class: "again" }, retry, button(t.cancel, () => this.#deeds.discard(message)));
  }
}
