import type { Code } from "./wire";

/** Problem is a request or a frame that failed; retryAfter is in seconds. */
export class Problem extends Error {
  constructor(
    readonly code: Code,
    readonly retryAfter?: number,
  ) {
    super(code);
  }
}

/** lasting tells failures that repeating the same frame cannot mend. */
export function lasting(problem: Problem): boolean {
  return ["too_large", "malformed", "unsupported_action", "not_found"].includes(problem.code);
}

/** foreign tells that the server does not, or no longer, know the token. */
export function foreign(problem: unknown): boolean {
  return problem instanceof Problem && (problem.code === "bad_token" || problem.code === "expired_token");
}

// A request that takes longer than API Gateway's own limit has no answer to wait for.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
const patience = 30_000;

/** call makes a JSON request and throws a Problem unless the answer is 2xx. */
export async function call<T>(method: string, url: string, token?: string, body?: unknown): Promise<T> {
  const headers: Record<string, string> = {};
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (token) headers["Authorization"] = "Bearer " + token;
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), patience);
  try {
    const answer = await fetch(url, {
      method,
      headers,
      body: body === undefined ? null : JSON.stringify(body),
      credentials: "omit",
      cache: "no-store",
      signal: stop.signal,
    });
    const text = await answer.text();
    if (!answer.ok) throw problemOf(answer, text);
    return (text ? JSON.parse(text) : {}) as T;
  } catch (error) {
    throw error instanceof Problem ? error : new Problem("offline");
  } finally {
    clearTimeout(timer);
  }
}

// What answers before the function does tells no code, only a status.
const byStatus: Record<number, Code> = { 401: "bad_token", 413: "too_large", 429: "rate_limited" };

function problemOf(answer: Response, text: string): Problem {
  let told: { code?: Code; retryAfter?: number } = {};
  try {
    told = JSON.parse(text) as typeof told;
  } catch {
    // Something between us and the server answered; its status says enough.
  }
  const after = told.retryAfter ?? (Number(answer.headers.get("Retry-After")) || undefined);
  return new Problem(told.code ?? byStatus[answer.status] ?? "unavailable", after);
}

// S3 answers 400 to what is larger than the policy allows, 403 to what differs from it.
// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
const refusals: Record<number, Code> = { 400: "too_large", 403: "malformed" };

/** post sends a file to a pre-signed address and tells how far it is, from 0 to 1. */
export function post(url: string, fields: Record<string, string>, file: Blob, progress: (part: number) => void, signal: AbortSignal): Promise<void> {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append("file", file); // S3 ignores what follows the file
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest(); // fetch does not tell how much has been sent
    request.upload.onprogress = (e) => e.lengthComputable && progress(e.loaded / e.total);
    request.onload = () => (request.status < 300 ? resolve() : reject(new Problem(refusals[request.status] ?? "unavailable")));
    request.onerror = request.onabort = () => reject(new Problem("offline"));
    signal.addEventListener("abort", () => request.abort());
    request.open("POST", url);
    request.send(form);
  });
}
