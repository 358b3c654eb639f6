/** Store keeps small values in localStorage, and in memory what that refuses (private mode, blocked cookies, a full disk). */
export class Store {
  readonly #memory = new Map<string, string>();

  readonly #prefix: string;
  readonly #disk: Storage | undefined;

  constructor(prefix: string, disk: Storage | undefined) {
    this.#prefix = prefix;
    this.#disk = disk;
  }

  get<T>(key: string): T | undefined {
    const text = this.#memory.get(key) ?? this.#read(key);
    try {
      return text ? (JSON.parse(text) as T) : undefined;
    } catch {
      return undefined;
    }
  }

  set(key: string, value: unknown): void {
    const text = JSON.stringify(value);
    try {
      this.#disk!.setItem(this.#prefix + key, text);
      this.#memory.delete(key);
    } catch {
      this.#memory.set(key, text);
    }
  }

  delete(key: string): void {
    this.#memory.delete(key);
    this.#disk?.removeItem(this.#prefix + key);
  }

  /** keys lists what starts with `start`. */
  keys(start: string): string[] {
    const disk = this.#disk;
    const stored = Array.from({ length: disk?.length ?? 0 }, (_, i) => disk!.key(i) ?? "")
      .filter((key) => key.startsWith(this.#prefix + start))
      .map((key) => key.slice(this.#prefix.length));
    return [...stored, ...[...this.#memory.keys()].filter((key) => key.startsWith(start))];
  }

  /** is tells whether a storage event of another tab is about `key`; one without a key is about all. */
  is(event: StorageEvent, key: string): boolean {
    return event.storageArea === this.#disk && (event.key === null || event.key === this.#prefix + key);
  }

  #read(key: string): string | null | undefined {
    return this.#disk?.getItem(this.#prefix + key);
  }
}

/** disk is localStorage, where the browser lets the page have it. */
export function disk(): Storage | undefined {
  try {
    return localStorage;
  } catch {
    return undefined;
  }
}
