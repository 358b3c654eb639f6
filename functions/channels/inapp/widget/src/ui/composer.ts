import type { RelaisClient } from "../client";
import { lasting, Problem } from "../http";
import type { Message } from "../timeline";
import type { Upload } from "../uploads";
import { h, icon, iconButton, name } from "./dom";
import { summary } from "./parts";
import type { Language } from "./strings";

// In UTF-8 at most three bytes each: it always fits the 32 KB of a frame.
const longest = 8000;
const mostRows = 5;

/** Composer is where the visitor writes and attaches files. */
export class Composer {
  readonly node: HTMLElement;
  readonly #field: HTMLTextAreaElement;
  readonly #quote = h("div", { class: "quoting", hidden: true });
  readonly #uploads = h("ul", { class: "uploads" });
  readonly #rows = new Map<Upload, HTMLElement>();
  #replyTo: string | undefined;

  readonly #client: RelaisClient;
  readonly #language: Language;

  constructor(
    client: RelaisClient,
    language: Language,
  ) {
    this.#client = client;
    this.#language = language;
    const { t } = language;
    this.#field = h("textarea", {
      rows: 1,
      maxlength: longest,
      placeholder: t.write,
      "aria-label": t.write,
      enterkeyhint: "send",
      input: () => this.#written(),
      keydown: (event: KeyboardEvent) => this.#key(event),
      paste: (event: ClipboardEvent) => this.#pasted(event),
    });
    const files = h("input", { type: "file", multiple: true, hidden: true, change: () => this.#attach(files) });
    const attach = iconButton("attach", t.attach, () => files.click());
    const send = h("button", { type: "submit", class: "icon-button send", "aria-label": t.send, title: t.send }, icon("send"));
    const form = h("form", { class: "composer", submit: (event: Event) => this.#submit(event) }, attach, files, this.#field, send);
    this.node = h("div", { class: "foot" }, this.#uploads, this.#quote, form);
  }

  focus(): void {
    this.#field.focus();
  }

  /** reply quotes a message in what is written next. */
  reply(message: Message): void {
    this.#replyTo = message.id;
    const { t } = this.#language;
    const cancel = iconButton("close", t.cancel, () => this.#unquote());
    this.#quote.replaceChildren(icon("reply"), h("span", { dir: "auto" }, summary(message.content, this.#language)), cancel);
    this.#quote.hidden = false;
    this.focus();
  }

  /** fold gives up the quote and tells whether there was one. */
  fold(): boolean {
    const quoting = !this.#quote.hidden;
    this.#unquote();
    return quoting;
  }

  /** update shows how far the uploads are. */
  update(): void {
    for (const [upload, row] of this.#rows) if (!this.#client.uploads.includes(upload)) this.#gone(upload, row);
    for (const upload of this.#client.uploads) {
      const row = this.#rows.get(upload) ?? this.#row(upload);
      row.querySelector("progress")!.value = upload.progress;
      row.classList.toggle("failed", !!upload.failure);
      const { t } = this.#language;
      row.querySelector(".fault")!.textContent = upload.failure ? (upload.failure === "too_large" ? t.tooLarge : t.failed) : "";
      row.querySelector<HTMLElement>(".again")!.hidden = !upload.failure || lasting(new Problem(upload.failure));
    }
  }

  #unquote(): void {
    this.#quote.hidden = true;
    this.#replyTo = undefined;
  }

  #submit(event: Event): void {
    event.preventDefault();
    const body = this.#field.value.trim();
    this.focus();
    if (!body) return;
    this.#client.text(body, this.#replyTo);
    this.#field.value = "";
    this.#unquote();
    this.#grow();
  }

  #key(event: KeyboardEvent): void {
    // While an input method composes, Enter chooses a word. Safari says so only by its key code.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    this.#submit(event);
  }

  #written(): void {
    this.#client.typing(this.#field.value !== "");
    this.#grow();
  }

  /** grow makes room for what is written, by rows: a height would be an inline style. */
  #grow(): void {
    this.#field.dir = this.#field.value && "auto"; // empty, it follows the language, as its placeholder does
    this.#field.rows = 1;
    while (this.#field.rows < mostRows && this.#field.scrollHeight > this.#field.clientHeight) this.#field.rows++;
  }

  #pasted(event: ClipboardEvent): void {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length) return;
    event.preventDefault();
    for (const file of files) this.#client.upload(file);
  }

  #attach(input: HTMLInputElement): void {
    for (const file of input.files ?? []) this.#client.upload(file);
    input.value = "";
    this.focus();
  }

  #row(upload: Upload): HTMLElement {
    const { t } = this.#language;
    const title = name(upload.name);
    const bar = h("progress", { max: 1, value: 0, "aria-label": title });
    const again = h("button", { type: "button", class: "plain again", hidden: true, click: () => upload.retry() }, t.retry);
    const fault = h("small", { class: "fault", role: "status" });
    const row = h("li", {}, icon("file"), h("span", {}, h("bdi", {}, title), bar, fault), again, iconButton("close", t.cancel, () => upload.cancel()));
    this.#rows.set(upload, row);
    this.#uploads.append(row);
    return row;
  }

  #gone(upload: Upload, row: HTMLElement): void {
    if (row.contains((row.getRootNode() as ShadowRoot).activeElement)) this.focus();
    row.remove();
    this.#rows.delete(upload);
  }
}
