import { ar } from "../locales/ar";
import { de } from "../locales/de";
import { en } from "../locales/en";
import { es } from "../locales/es";
import { fr } from "../locales/fr";
import { ja } from "../locales/ja";
import { zh } from "../locales/zh";

/** Strings is what the widget says, in one language. */
export type Strings = typeof en;

const all: Record<string, Strings> = { ar, de, en, es, fr, ja, zh };

/** Language is the strings and how dates, numbers and lines run. */
export interface Language {
  t: Strings;
  tag: string; // BCP 47, for Intl
  rtl: boolean;
}

/** languageOf picks the first wish there are strings for, else English. */
export function languageOf(wishes: readonly string[]): Language {
  const tags = wishes.map((wish) => wish.replace(/_/g, "-"));
  const tag = tags.find((wish) => all[primary(wish)] && valid(wish)) ?? "en";
  const base = primary(tag);
  return { t: all[base]!, tag, rtl: base === "ar" };
}

function primary(tag: string): string {
  return tag.split("-")[0]!.toLowerCase();
}

function valid(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length > 0;
  } catch {
    return false;
  }
}

/** fill puts values where the braces are. */
export function fill(text: string, values: Record<string, string | number>): string {
  return text.replace(/\{(\w+)\}/g, (_, key: string) => String(values[key] ?? ""));
}
