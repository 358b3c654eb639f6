import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";

/** Socket is the server's end of a WebSocket, as much of RFC 6455 as the tests need: text, close, ping. */
export class Socket {
  closed = false;
  onmessage: (text: string) => void = () => {};
  onclose: () => void = () => {};
  private buffered = Buffer.alloc(0);

  constructor(request: IncomingMessage, private readonly stream: Duplex) {
    const key = request.headers["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    const accept = createHash("sha1").update(key).digest("base64");
    stream.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
    stream.on("data", (data: Buffer) => this.read(data));
    stream.on("error", () => this.end());
    stream.on("close", () => this.end());
  }

  send(text: string): void {
    if (!this.closed) this.frame(1, Buffer.from(text));
  }

  /** close ends politely, with a code. */
  close(code: number): void {
    this.frame(8, Buffer.from([code >> 8, code & 255]));
    this.stream.end();
    this.end();
  }

  /** cut ends as a broken network does. */
  cut(): void {
    this.stream.destroy();
    this.end();
  }

  private end(): void {
    if (this.closed) return;
    this.closed = true;
    this.onclose();
  }

  private frame(opcode: number, payload: Buffer): void {
    const n = payload.length;
    const head = n < 126 ? Buffer.from([0x80 | opcode, n]) : Buffer.alloc(n < 65536 ? 4 : 10);
    if (n >= 126) {
      head[0] = 0x80 | opcode;
      head[1] = n < 65536 ? 126 : 127;
      if (n < 65536) head.writeUInt16BE(n, 2);
      else head.writeBigUInt64BE(BigInt(n), 2);
    }
    this.stream.write(Buffer.concat([head, payload]));
  }

  private read(data: Buffer): void {
    this.buffered = Buffer.concat([this.buffered, data]);
    for (let frame = this.next(); frame; frame = this.next()) {
      if (frame.opcode === 8) this.close(1000);
      else if (frame.opcode === 9) this.frame(10, frame.payload);
      else if (frame.opcode === 1) this.onmessage(frame.payload.toString());
    }
  }

  /** next takes one whole frame off the buffer. Browsers send ours unfragmented. */
  private next(): { opcode: number; payload: Buffer } | undefined {
    const b = this.buffered;
    if (b.length < 2) return undefined;
    const short = b[1]! & 127;
    const at = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (b.length < at + 4) return undefined;
    const n = short < 126 ? short : short === 126 ? b.readUInt16BE(2) : Number(b.readBigUInt64BE(2));
    if (b.length < at + 4 + n) return undefined;
    const mask = b.subarray(at, at + 4);
    const payload = Buffer.from(b.subarray(at + 4, at + 4 + n)).map((byte, i) => byte ^ mask[i % 4]!);
    this.buffered = b.subarray(at + 4 + n);
    return { opcode: b[0]! & 15, payload: Buffer.from(payload) };
  }
}
