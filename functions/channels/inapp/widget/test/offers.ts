import type { Content } from "../src/content";

/** What an agent of the shop offers, in the tests and on the screenshots. */
export const quick: Content = {
  kind: "choice",
  choice: { text: "Shall I put one aside for you?", style: "quick", options: [{ id: "yes", label: "Yes, please" }, { id: "no", label: "No, thank you" }] },
};

export const choice: Content = {
  kind: "choice",
  choice: {
    text: "Which lid would you like?",
    title: "Spare lids",
    footer: "All of them fit the small kettle.",
    style: "list",
    button: "Show the lids",
    options: [
      { id: "steel", label: "Steel lid", description: "Brushed, with a wooden knob", section: "In stock" },
      { id: "glass", label: "Glass lid", description: "You see when it boils", section: "In stock" },
      { id: "copper", label: "Copper lid", description: "Two weeks", section: "To order" },
    ],
  },
};

export const buttons: Content = {
  kind: "choice",
  choice: {
    text: "How shall it reach you?",
    options: [{ id: "post", label: "By post" }, { id: "shop", label: "I come to the shop" }, { id: "terms", label: "Delivery terms", action: "url", value: "https://shop.example.com/terms" }],
  },
};

export const form: Content = {
  kind: "form",
  form: {
    id: "address",
    title: "Delivery address",
    text: "Where shall we bring it?",
    submit: "Order",
    fields: [
      { id: "street", label: "Street", type: "text", required: true, page: 1 },
      { id: "mail", label: "E-mail", type: "email", page: 1 },
      { id: "slot", label: "Time", type: "select", page: 2, options: [{ id: "am", label: "Morning" }, { id: "pm", label: "Afternoon" }] },
    ],
  },
};

export const schedule: Content = {
  kind: "schedule",
  schedule: {
    id: "pickup",
    title: "Choose a pick-up time",
    zone: "America/New_York",
    location: { latitude: 40.7033, longitude: -74.017, name: "Depot", address: "1 Depot Road, New York" },
    slots: [
      { id: "s1", start: "2026-09-21T10:15:00Z", durationMs: 1_800_000 },
      { id: "s2", start: "2026-09-21T11:15:00Z", durationMs: 1_800_000 },
      { id: "s3", start: "2026-09-21T14:45:00Z", durationMs: 1_800_000 },
      { id: "s4", start: "2026-09-22T10:15:00Z", durationMs: 1_800_000 },
      { id: "s5", start: "2026-09-22T12:30:00Z", durationMs: 1_800_000 },
    ],
  },
};

/** cards are kettles with a picture each. */
export function cards(picture: string): Content {
  const kettle = (title: string, text: string, id: string): object => ({
    title,
    text,
    media: { type: "image", url: picture, alt: title },
    options: [{ id, label: "I take this one" }, { id: id + "-more", label: "Details", action: "url", value: "https://shop.example.com/" + id }],
  });
  return { kind: "cards", cards: [kettle("Small kettle", "0.8 litres, 29 €", "small"), kettle("Large kettle", "1.7 litres, 39 €", "large"), kettle("Travel kettle", "0.5 litres, folds", "travel")] as never };
}

/** hostile is what somebody writes who wants to break the page. */
export const hostile = [
  "<script>window.broken = 1</script><img src=x onerror='window.broken = 2'>",
  "[click](javascript:window.broken=3) <a href='javascript:window.broken=4'>here</a>",
  "\u202egnp.exe \u2066abc\u2069 \u200f\u200e mixed שלום with English",
  "zero\u200bwidth\u200c\u200d\ufeff \u00ad end",
  "Z" + "\u0335\u0341\u0316".repeat(300) + "algo",
  "**".repeat(450) + "_".repeat(900) + "[".repeat(900),
  "${alert(1)} {{constructor}} &lt;b&gt; %3Cscript%3E \u0000 \ud800",
];
