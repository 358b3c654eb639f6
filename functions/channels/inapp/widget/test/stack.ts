import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Content } from "../src/content";

const root = join(process.cwd(), "../../../..");

/** Stack is all of Relais as it runs on a laptop, with its page and its demo agent, in a process of its own. */
export class Stack {
  origin = ""; // of the page
  private process: ChildProcess | undefined;
  private token = "";
  private ports = ["0", "0"];
  private said = 0;

  private constructor(private readonly dir: string) {}

  static async open(): Promise<Stack> {
    const stack = new Stack(mkdtempSync(join(tmpdir(), "relais-")));
    execFileSync("go", ["build", "-o", stack.dir, "./infra/local"], { cwd: root, stdio: "inherit" });
    await stack.start();
    return stack;
  }

  async close(): Promise<void> {
    await this.kill();
    rmSync(this.dir, { recursive: true });
  }

  /** kill ends the process as a power cut does. */
  async kill(): Promise<void> {
    if (!this.process || this.process.exitCode !== null) return;
    this.process.kill("SIGKILL");
    await once(this.process, "exit");
  }

  /** start begins, the second time where it ended. */
  async start(): Promise<void> {
    const [web, aws] = this.ports.map((port) => "127.0.0.1:" + port);
    const flags = ["--listen", web!, "--aws-listen", aws!, "--data", join(this.dir, "data")];
    this.process = spawn(join(this.dir, "local"), flags, { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
    const find = [/open (http:\/\/127\.0\.0\.1:(\d+))\//, /Bearer (\w+)/, /http:\/\/127\.0\.0\.1:(\d+)\/\d+\/relais-outbound/];
    let told = "";
    for await (const chunk of this.process.stdout!.setEncoding("utf8").iterator({ destroyOnReturn: false })) {
      told += chunk;
      if (told.includes("Ctrl-C stops.")) break;
    }
    const [page, token, queue] = find.map((pattern) => pattern.exec(told));
    if (!page || !token || !queue) throw new Error("it did not start: " + told);
    this.process.stdout!.resume();
    this.origin = page[1]!;
    this.token = token[1]!;
    this.ports = [page[2]!, queue[1]!];
  }

  /** say is an agent speaking, as any integrator does; it returns the message's id. */
  async say(conversation: string, ...content: (string | Content)[]): Promise<string> {
    const parts = content.map((c) => (typeof c === "string" ? { kind: "text", text: { body: c } } : c));
    const message = { idempotencyKey: `test-${++this.said}`, content: parts, sender: { role: "agent", name: "Ines" } };
    const { id } = (await this.ask("POST", `/conversations/${conversation}/messages`, message)) as { id: string };
    return id;
  }

  /** ask is a request to the API for integrators. */
  async ask(method: string, path: string, body?: unknown): Promise<unknown> {
    const headers = { Authorization: "Bearer " + this.token, "Content-Type": "application/json" };
    const answer = await fetch(`${this.origin}/v1${path}`, { method, headers, body: body === undefined ? null : JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }
}
