import "./style.css"; // first, and then the words: like beside like weighs less
import { languageOf } from "./ui/strings";
import { RelaisClient, type Events } from "./client";
import { Widget } from "./ui/widget";

/** Relais is what a page can do with the widget, as a global. */
export interface Relais {
  client: RelaisClient;
  open(): void;
  close(): void;
  login(token: string): Promise<void>;
  logout(): Promise<void>;
  on<K extends keyof Events>(event: K, fn: (value: Events[K]) => void): () => void;
}

declare global {
  interface Window {
    Relais?: Relais;
  }
}

function begin(script: HTMLScriptElement): void {
  const { app, server, token, locale, title, theme } = script.dataset;
  const language = languageOf(locale ? [locale] : navigator.languages);
  const client = new RelaisClient({ app: app ?? "", server: server || new URL(script.src).origin, token, locale: language.tag });
  const widget = new Widget(client, language, { title, theme });
  window.Relais = {
    client,
    open: () => widget.open(),
    close: () => widget.close(),
    login: async (fresh) => {
      await client.login(fresh);
      client.start();
    },
    logout: async () => {
      await client.logout();
      if (widget.shown) client.start();
    },
    on: (event, fn) => client.on(event, fn),
  };
  // Who only reads the page costs nothing: a session begins with the first opening.
  if (token || client.returning) client.start();
}

const script = document.currentScript;
if (script instanceof HTMLScriptElement && !window.Relais) {
  if (document.body) begin(script);
  else document.addEventListener("DOMContentLoaded", () => begin(script));
}
