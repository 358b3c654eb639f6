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
    lines?: {
        label: string;
        amount: Money;
    }[];
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
    items: {
        product: string;
        name?: string;
        quantity: number;
        price?: Money;
    }[];
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
    of?: {
        platformId: string;
    };
    option?: string;
    text?: string;
    values?: Field[];
}
/** Field is a named value. */
export interface Field {
    name: string;
    value: string;
}
/** Code says what went wrong; the first nine come from the server, the last two arise here. */
export type Code = "bad_origin" | "bad_token" | "expired_token" | "bad_ticket" | "rate_limited" | "too_large" | "malformed" | "unsupported_action" | "not_found" | "unavailable" | "offline";
/** Session is who the visitor is for the server. */
export interface Session {
    session: string;
    expiresAt: string;
    user: string;
    known: boolean;
    conversation: string;
    socket: string;
    limits?: {
        frame?: number;
        upload?: number;
    };
    push?: {
        vapid?: string;
    };
    merged?: boolean;
}
/** Author is who wrote a message or types. */
export interface Author {
    role: string;
    name?: string;
}
/** Problem is a request or a frame that failed; retryAfter is in seconds. */
export declare class Problem extends Error {
    readonly code: Code;
    readonly retryAfter?: number | undefined;
    constructor(code: Code, retryAfter?: number | undefined);
}
/** Upload is a file on its way. */
export interface Upload {
    id: string;
    name: string;
    progress: number;
    failure?: Code;
    retry(): void;
    cancel(): void;
}
/** State of a message of one's own. */
export type Delivery = "sending" | "failed" | "sent" | "read";
/** Message is what is shown: from the server, or still on its way there. */
export interface Message {
    key: string;
    id?: string;
    seq: number;
    mine: boolean;
    author: Author;
    time: string;
    content: Content[];
    replyTo?: string;
    edited: boolean;
    deleted: boolean;
    reaction: string;
    reactions: string[];
    delivery?: Delivery;
    failure?: Code;
}
/** Connection says how the widget hears from the server. */
export type Connection = "idle" | "connecting" | "online" | "polling" | "offline";
/** Options say which app on which server, and who the visitor is. */
export interface Options {
    app: string;
    server: string;
    token?: string | undefined;
    locale?: string | undefined;
    storage?: Storage | undefined;
}
/** DeviceToken is where Apple or Google takes notifications for an app on a device. */
export interface DeviceToken {
    kind: "apns" | "fcm";
    token: string;
}
/** Events of a client, and what they carry. */
export interface Events {
    change: void;
    message: Message;
    connection: Connection;
    typing: string | undefined;
    unread: number;
    session: Session;
    error: Problem;
}
/** RelaisClient holds one conversation: session, connection, history, queue. It knows no user interface. */
export declare class RelaisClient {
    #private;
    constructor(options: Options);
    /** on calls `fn` at every such event until the returned function is called. */
    on<K extends keyof Events>(event: K, fn: (value: Events[K]) => void): () => void;
    get connection(): Connection;
    /** messages is the conversation in order, what waits for the server last. */
    get messages(): Message[];
    /** more tells whether there is older history to load. */
    get more(): boolean;
    /** uploads lists files that are on their way, or failed. */
    get uploads(): readonly Upload[];
    get unread(): number;
    /** returning tells whether this browser has a conversation, or something to send. */
    get returning(): boolean;
    /** start opens the session and keeps connected. */
    start(): void;
    stop(): void;
    /** login tells who the visitor is. What they wrote before stays theirs. */
    login(token: string): Promise<void>;
    /** logout ends the session and forgets everything on this device. */
    logout(): Promise<void>;
    /** text sends what the visitor wrote. */
    text(body: string, replyTo?: string): string;
    /** send sends text, media or a location and returns the clientMsgId. */
    send(content: Content, replyTo?: string): string;
    /** choose answers an offer of options. */
    choose(message: string, options: {
        id: string;
        label: string;
    }[]): string;
    /** submit answers a form. */
    submit(message: string, form: string, values: Field[]): string;
    /** pick answers a time picker. */
    pick(message: string, slot: string, text: string): string;
    /** react puts an emoji on a message; the empty one takes it away. */
    react(message: string, emoji: string): string;
    /** retry tries a failed message again; discard gives it up. */
    retry(clientMsgId: string): void;
    discard(clientMsgId: string): void;
    /** typing says that the visitor types; call it at every key. */
    typing(active?: boolean): void;
    /** read says that the visitor has seen everything. */
    read(): void;
    /** older loads a page of older history. */
    older(): Promise<void>;
    /** refresh reads a message again, for links in it that have expired. */
    refresh(id: string): Promise<void>;
    /** upload sends a file; it is listed in `uploads` until its message is on the way. */
    upload(file: File): Upload;
    /** enablePush asks the browser for a push subscription and gives it to the server; an app gives the token it has. */
    enablePush(target: ServiceWorkerRegistration | DeviceToken): Promise<void>;
    /** disablePush ends notifications on this device. */
    disablePush(registration?: ServiceWorkerRegistration): Promise<void>;
}
