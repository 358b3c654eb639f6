/** newID is 128 random bits; crypto.randomUUID exists only where the page came by https. */
export function newID(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
}
