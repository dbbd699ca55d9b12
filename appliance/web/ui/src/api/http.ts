/** REST calls: JSON in and out, the CSRF token, errors that carry words and the wrong fields. */
import { t } from "../i18n";
import { earlyAnswer } from "./early";

export interface FieldError {
  path: string;
  code: string;
  text: string;
}

/** What went wrong with a request, fit to be shown to a person. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly fields: FieldError[];
  /** Whatever else the answer holds. */
  readonly details: Readonly<Record<string, unknown>>;
  constructor(status: number, code: string, text: string, fields: FieldError[] = [], details: Readonly<Record<string, unknown>> = {}) {
    super(text);
    this.status = status;
    this.code = code;
    this.fields = fields;
    this.details = details;
  }
}

export interface Options {
  query?: Record<string, string | number | boolean | null | undefined>;
  body?: unknown;
  etag?: string;
  signal?: AbortSignal;
}

export interface Answer<T> {
  data: T;
  etag: string | null;
}

let csrf = "";
let onExpired: () => void = () => {};
let onSessionClosed: () => void = () => {};

export function setCsrf(token: string): void {
  csrf = token;
}

/** `expired` is called once a request comes back "not logged in", `closed` when a WebSocket's session ended. */
export function whenExpired(expired: () => void, closed: () => void): void {
  onExpired = expired;
  onSessionClosed = closed;
}

/** A WebSocket closed with this code because the session ended. */
const SESSION_ENDED = 4401;

/** How long a WebSocket waits after that: until then the page knows whether another session goes on. */
export const SESSION_ENDED_WAIT_MS = 2000;

/** Take note of why a WebSocket closed; true if it was because the session ended. */
export function noticeClose(event: CloseEvent): boolean {
  if (event.code !== SESSION_ENDED) return false;
  onSessionClosed();
  return true;
}

export function url(path: string, query: Options["query"] = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== "") search.set(name, String(value));
  }
  const text = search.toString();
  return `/api/v1${path}${text ? `?${text}` : ""}`;
}

export async function call<T>(method: string, path: string, options: Options = {}): Promise<Answer<T>> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (options.body !== undefined) headers["Content-Type"] = "application/json";
  if (options.etag) headers["If-Match"] = options.etag;
  if (method !== "GET" && csrf) headers["X-CSRF-Token"] = csrf;
  let response: Response;
  try {
    const begun = method === "GET" && Object.keys(options.query ?? {}).length === 0 ? earlyAnswer(path) : null;
    response = await (begun ?? fetch(url(path, options.query), {
      method, headers, credentials: "same-origin", signal: options.signal ?? null,
      body: options.body === undefined ? null : JSON.stringify(options.body),
    }));
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, "unreachable", t("error.unreachable"));
  }
  const text = await response.text();
  let data: unknown = null;
  try {
    data = text ? JSON.parse(text) : null;
  } catch {
    if (response.ok) throw new ApiError(response.status, "garbled", t("error.garbled"));
  }
  if (!response.ok) {
    const problem = (data ?? {}) as { code?: string; text?: string; fields?: FieldError[] };
    if (response.status === 401 && path !== "/login" && path !== "/setup") onExpired();
    throw new ApiError(response.status, problem.code ?? `http.${response.status}`, problem.text ?? t("error.status", { status: response.status }), problem.fields ?? [], problem as Record<string, unknown>);
  }
  return { data: data as T, etag: response.headers.get("ETag") };
}

export const get = async <T>(path: string, query: Options["query"] = {}, signal?: AbortSignal): Promise<T> =>
  (await call<T>("GET", path, signal ? { query, signal } : { query })).data;
export const post = async <T>(path: string, body: unknown = {}): Promise<T> => (await call<T>("POST", path, { body })).data;

/** What is wrong by field, all its faults in one text; under "" what concerns none of the fields. */
export function wrongFields(error: unknown): Record<string, string> {
  const fields = error instanceof ApiError ? error.fields : [];
  if (fields.length === 0) return { "": words(error) };
  const found: Record<string, string> = {};
  for (const field of fields) {
    const name = field.path.replace(/^\//, "");
    found[name] = name in found ? `${found[name]} ${field.text}` : field.text;
  }
  return found;
}

/** The words of any error. */
export function words(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
