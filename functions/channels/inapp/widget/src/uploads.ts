import type { Media } from "./content";
import { post, Problem } from "./http";
import type { Code, UploadGrant } from "./wire";

/** Upload is a file on its way. */
export interface Upload {
  id: string;
  name: string;
  progress: number; // 0 to 1
  failure?: Code;
  retry(): void;
  cancel(): void;
}

/** Desk is what uploads need from the client. */
export interface Desk {
  most(): Promise<number>; // bytes
  grant(file: { name: string; mime: string; size: number }): Promise<UploadGrant>;
  done(media: Media): void;
  changed(): void;
}

/** Uploads carries files to the store and hands over the media to send. */
export class Uploads {
  readonly list: Upload[] = [];

  readonly #desk: Desk;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  add(file: File, id: string): Upload {
    let stop = new AbortController();
    const upload: Upload = {
      id,
      name: file.name,
      progress: 0,
      retry: () => {
        delete upload.failure;
        stop = new AbortController();
        void this.#transfer(upload, file, stop.signal);
      },
      cancel: () => {
        stop.abort();
        this.#remove(upload);
      },
    };
    this.list.push(upload);
    upload.retry();
    return upload;
  }

  clear(): void {
    for (const upload of [...this.list]) upload.cancel();
  }

  async #transfer(upload: Upload, file: File, signal: AbortSignal): Promise<void> {
    const mime = file.type || "application/octet-stream";
    const report = (progress: number): void => {
      upload.progress = progress;
      this.#desk.changed();
    };
    report(0);
    try {
      if (file.size > (await this.#desk.most())) throw new Problem("too_large");
      signal.throwIfAborted(); // given up meanwhile
      const grant = await this.#desk.grant({ name: file.name, mime, size: file.size });
      signal.throwIfAborted();
      await post(grant.upload.url, grant.upload.fields, file, report, signal);
      this.#remove(upload);
      this.#desk.done(grant.media);
    } catch (problem) {
      upload.failure = problem instanceof Problem ? problem.code : "unavailable";
      this.#desk.changed();
    }
  }

  #remove(upload: Upload): void {
    const at = this.list.indexOf(upload);
    if (at >= 0) this.list.splice(at, 1);
    this.#desk.changed();
  }
}
