import type { Media } from "../content";
import { h, icon, link, name, safe } from "./dom";
import { text } from "./text";
import { bytes, type View } from "./view";

/** media shows a picture, a film, a recording or a document. */
export function media(m: Media, view: View): HTMLElement {
  const box = h("figure", { class: "media " + m.type }, shown(m, view));
  if (m.caption) box.append(h("figcaption", {}, text({ body: m.caption, ...(m.entities && { entities: m.entities }) }, view.t)));
  if (m.transcript) box.append(h("figcaption", { dir: "auto" }, m.transcript));
  return box;
}

/** picture is an image of an offer; without a safe address there is none. */
export function picture(address: string | undefined, alt = ""): HTMLElement | undefined {
  const src = safe(address);
  return src ? h("img", { src, alt, loading: "lazy", referrerpolicy: "no-referrer" }) : undefined;
}

/** label says in a word what a medium is. */
export function label(m: Media, view: Pick<View, "t">): string {
  const { t } = view;
  const words: Record<string, string> = { image: t.image, animation: t.image, video: t.video, audio: t.audio, voice: t.audio, sticker: t.image };
  return name(m.alt || m.name || m.emoji || "") || (words[m.type] ?? t.file);
}

/** shown is the medium itself. Where it cannot be had, it is a file by its name, until its link has been renewed. */
function shown(m: Media, view: View): HTMLElement {
  const node = played(m, view, () => {
    node.replaceWith(document_(m, view));
    view.reread();
  });
  return node;
}

function played(m: Media, view: View, error: () => void): HTMLElement {
  const src = safe(m.url);
  const alt = label(m, view);
  switch (src && m.type) {
    case "image":
    case "animation":
    case "sticker":
      const size = { width: m.width, height: m.height };
      return link(src, { "aria-label": alt }, h("img", { src, alt, ...size, loading: "lazy", referrerpolicy: "no-referrer", error }));
    case "video":
      return h("video", { src, controls: true, preload: "metadata", playsinline: true, "aria-label": alt, poster: safe(m.thumbnail), error });
    case "audio":
    case "voice":
      return h("audio", { src, controls: true, preload: "metadata", "aria-label": alt, error });
    default:
      return document_(m, view);
  }
}

/** document_ is a file by its name: to be loaded, or on its way, or lost. */
function document_(m: Media, view: View): HTMLElement {
  const size = m.bytes ? bytes(m.bytes, view.tag) : "";
  const gone = !safe(m.url) && !view.message.mine ? view.t.unknown : "";
  const about = h("small", {}, [size, gone].filter(Boolean).join(" · "));
  return link(m.url, { class: "item" }, icon("file"), h("span", {}, h("bdi", {}, label(m, view)), about));
}
