import type { Interaction, Option } from "../content";
import type { Message } from "../timeline";
import { fill, type Language } from "./strings";

/** View is what the parts of a message may know and do. */
export interface View extends Language {
  message: Message;
  answer: Interaction | undefined; // the visitor's, to this message
  choose(options: Option[]): void;
  submit(form: string, values: { name: string; value: string }[]): void;
  pick(slot: string, text: string): void; // with what the visitor saw
  locate(): void; // sends where the visitor is
  reread(): void; // gets fresh links, once
  say(text: string): void; // to the screen reader, and for a moment on the screen
  original(id: string | undefined): Message | undefined;
}

/** day names a date as people do: today, yesterday, or with the month. */
export function day(date: Date, tag: string, zone?: string): string {
  const away = Math.round((midnight(date) - midnight(new Date())) / 86_400_000);
  if (!zone && Math.abs(away) < 2) {
    const word = new Intl.RelativeTimeFormat(tag, { numeric: "auto" }).format(away, "day");
    return word.charAt(0).toLocaleUpperCase(tag) + word.slice(1);
  }
  return format(date, tag, { weekday: "long", day: "numeric", month: "long", timeZone: zone });
}

/** clock is the time of day. */
export function clock(date: Date, tag: string, zone?: string): string {
  return format(date, tag, { timeStyle: "short", timeZone: zone });
}

/** zoneOf is the time zone, where the browser knows it. */
export function zoneOf(zone: string | undefined): string | undefined {
  try {
    return zone && new Intl.DateTimeFormat("en", { timeZone: zone }).resolvedOptions().timeZone;
  } catch {
    return undefined;
  }
}

/** when is a slot's day and time, in one line. */
export function when(start: string, view: Language, zone?: string): string {
  const date = new Date(start);
  return `${day(date, view.tag, zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone)}, ${clock(date, view.tag, zone)}`;
}

/** money writes an amount of minor units. */
export function money({ amount, currency }: { amount: number; currency: string }, tag: string): string {
  try {
    const format = new Intl.NumberFormat(tag, { style: "currency", currency });
    return format.format(amount / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2));
  } catch {
    return `${amount} ${currency}`;
  }
}

/** bytes writes a file's size. */
export function bytes(count: number, tag: string): string {
  const unit = count < 1e6 ? "kilobyte" : "megabyte";
  const value = count / (unit === "kilobyte" ? 1e3 : 1e6);
  return new Intl.NumberFormat(tag, { style: "unit", unit, maximumFractionDigits: value < 10 ? 1 : 0 }).format(value);
}

export { fill };

function format(date: Date, tag: string, options: Record<string, string | undefined>): string {
  return isNaN(date.getTime()) ? "" : new Intl.DateTimeFormat(tag, options as Intl.DateTimeFormatOptions).format(date);
}

function midnight(date: Date): number {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}
