/** Content is one part of a message, as the contract's events.Content has it: `kind` names the one member that is set. */
export interface Content {
  kind: string;
  text?: Text;
  media?: Media;
  location?: Location;
  contacts?: Card[];
  choice?: Choice;
  cards?: Panel[];
  form?: Form;
  schedule?: Schedule;
  payment?: Payment;
  product?: Product;
  order?: Order;
  template?: Template;
  link?: Link;
  interaction?: Interaction;
}

/** Text is what a person wrote. */
export interface Text {
  body: string;
  entities?: Entity[];
}

/** Entity marks a span of text, in UTF-16 units. */
export interface Entity {
  type: string;
  offset: number;
  length: number;
  value?: string;
}

/** Media is a picture, a film, a recording, a document or a sticker. */
export interface Media {
  type: string;
  state?: string;
  mime?: string;
  name?: string;
  caption?: string;
  alt?: string;
  entities?: Entity[];
  platformId?: string;
  url?: string;
  sha256?: string;
  bytes?: number;
  width?: number;
  height?: number;
  durationMs?: number;
  emoji?: string;
  thumbnail?: string;
  transcript?: string;
}

/** Location is a place in WGS 84 degrees. */
export interface Location {
  latitude: number;
  longitude: number;
  accuracy?: number;
  name?: string;
  address?: string;
  url?: string;
}

/** Card is a contact record. */
export interface Card {
  name: string;
  company?: string;
  phones?: LabeledValue[];
  emails?: LabeledValue[];
  urls?: LabeledValue[];
  addresses?: LabeledValue[];
  birthday?: string;
}

/** LabeledValue is a phone, e-mail, URL or address with its label. */
export interface LabeledValue {
  label?: string;
  value: string;
}

/** Choice offers options. */
export interface Choice {
  text: string;
  header?: Media;
  title?: string;
  footer?: string;
  style?: string;
  button?: string;
  options: Option[];
  multiple?: boolean;
}

/** Option is one thing to choose. An empty action is a reply. */
export interface Option {
  id: string;
  label: string;
  description?: string;
  section?: string;
  image?: string;
  action?: string;
  value?: string;
}

/** Panel is one card of a carousel. */
export interface Panel {
  title: string;
  text?: string;
  media?: Media;
  options?: Option[];
}

/** Form asks for several values. */
export interface Form {
  id: string;
  title: string;
  text?: string;
  submit?: string;
  url?: string;
  fields?: FormField[];
}

/** FormField is one question. */
export interface FormField {
  id: string;
  label: string;
  type: string;
  required?: boolean;
  options?: Option[];
  page?: number;
}

/** Schedule offers times. */
export interface Schedule {
  id: string;
  title: string;
  text?: string;
  zone?: string;
  location?: Location;
  slots: Slot[];
}

/** Slot is one time that can be picked. */
export interface Slot {
  id: string;
  start: string;
  durationMs: number;
}

/** Money is an amount in minor units. */
export interface Money {
  amount: number;
  currency: string;
}

/** Payment is a request for money and what became of it. */
export interface Payment {
  reference: string;
  state?: string;
  amount?: Money;
  title?: string;
  url?: string;
  expiresAt?: string;
  lines?: { label: string; amount: Money }[];
}

/** Product points into a catalogue. */
export interface Product {
  id: string;
  title?: string;
  text?: string;
  image?: string;
  url?: string;
  price?: Money;
  quantity?: number;
}

/** Order is a basket. */
export interface Order {
  id?: string;
  text?: string;
  items: { product: string; name?: string; quantity: number; price?: Money }[];
}

/** Template is approved content; the fallback is what is shown here. */
export interface Template {
  name: string;
  language: string;
  fallback?: Content[];
}

/** Link is a URL with its preview. */
export interface Link {
  url: string;
  title?: string;
  text?: string;
  image?: string;
}

/** Interaction is the customer's answer to an offer. */
export interface Interaction {
  kind: string;
  of?: { platformId: string }; // the message that offered it
  option?: string;
  text?: string;
  values?: Field[];
}

/** Field is a named value. */
export interface Field {
  name: string;
  value: string;
}
