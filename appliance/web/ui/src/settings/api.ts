/** Settings over REST: pages with their forms, changes with an ETag, entries of lists. */
import { ApiError, call, get, type FieldError } from "../api/http";
import { say } from "../ui/toast";

export interface Choice {
  value: string | number | boolean;
  title: string;
}

export interface FieldForm {
  name: string;
  title: string;
  help: string;
  widget: string;
  unit: string;
  default: unknown;
  required: boolean;
  nullable: boolean;
  empty_title: string;
  minimum: number | null;
  maximum: number | null;
  min_length: number | null;
  max_length: number | null;
  choices: Choice[] | null;
  secret: boolean;
  restart: string;
  capability: string;
  visible_when: Record<string, unknown[]> | null;
  placeholder: string;
  options: Record<string, unknown>;
  /** Fields of a record, where the field is a table. */
  columns?: FieldForm[];
  /** Other words a person may search for. */
  synonyms?: string[];
  requirements: string[];
}

export interface SectionForm {
  slug: string;
  title: string;
  advanced: boolean;
  fields: FieldForm[];
}

export interface CollectionForm {
  field: string;
  item_title: string;
  capacity: number;
  follows: string;
  /** Its entries are parts of the box: nobody adds or removes any. */
  fixed?: boolean;
  /** Names of fields that a table of the entries shows; without them each entry is folded. */
  columns?: string[];
  sections: SectionForm[];
}

/** A button of a page: posts `body` to `path`; a job that is answered is followed to its end. */
export interface ActionForm {
  slug: string;
  title: string;
  path: string;
  help: string;
  body: Record<string, unknown>;
  confirm: string;
  done: string;
  job: boolean;
  capability: string;
  synonyms: string[];
}

export interface PageForm {
  page: string;
  title: string;
  menu: string;
  help: string;
  synonyms?: string[];
  actions?: ActionForm[];
  sections: SectionForm[];
  collection: CollectionForm | null;
}

export type Values = Record<string, unknown>;

export interface PageData {
  values: Values;
  etag: string;
  item_etags: Record<string, string>;
  /** What board and cameras have, for fields that need it. */
  capabilities?: string[];
  ui: PageForm;
}

/** The forms of all pages this person may see, in the order of the menu; also what the search looks through. */
export const pages = async (): Promise<PageForm[]> => (await get<{ pages: PageForm[] }>("/settings")).pages;

export async function loadPage(page: string, signal?: AbortSignal): Promise<PageData> {
  return (await call<PageData>("GET", `/settings/${page}`, signal ? { signal } : {})).data;
}

const path = (page: string, id?: unknown): string => (id === undefined ? `/settings/${page}` : `/settings/${page}/${encodeURIComponent(String(id))}`);

interface Saved {
  /** What was saved all the same but should be known. */
  warnings?: { path: string; text: string }[];
}

/** Change a page or an entry; what should be known of it is shown. */
export async function change(page: string, id: unknown, changes: Values, etag?: string): Promise<void> {
  warn((await call<Saved>("PATCH", path(page, id), etag ? { body: changes, etag } : { body: changes })).data);
}

/** Add an entry; returns its id, and shows what should be known of it. */
export async function add(page: string, values: Values): Promise<string | number> {
  const { data } = await call<Saved & { id: string | number }>("POST", path(page), { body: values });
  warn(data);
  return data.id;
}

function warn(saved: Saved): void {
  for (const { text } of saved.warnings ?? []) say(text, { bad: true });
}

/** Give other entries the values of one (D1-RC-01). */
export async function copyTo(page: string, id: unknown, to: readonly (string | number)[]): Promise<void> {
  await call("POST", `${path(page, id)}/copy`, { body: { to } });
}

export interface PageEdits {
  page: string;
  title: string;
  changes: { item: string | number | null; text: string }[];
}

export interface Whole {
  version: number;
  pages: PageEdits[];
  /** Of a reset: what else goes. */
  beyond?: string[];
  /** Of a file: which box it came from, what changes besides settings, what cannot be had here. */
  about?: Record<string, unknown>;
  parts?: { part: string; title: string; changes: string[] }[];
  misfits?: { page: string; title: string; item: number | string | null; text: string }[];
}

export type Scope = "all" | "but_network_and_users";

export async function remove(page: string, id: unknown, etag?: string): Promise<void> {
  await call("DELETE", path(page, id), etag ? { etag } : {});
}

/** Entries of a page's list. */
export function entriesOf(data: PageData): Values[] {
  const field = data.ui.collection?.field;
  return field ? ((data.values[field] ?? []) as Values[]) : [];
}

/** Whether the document changed under the form. */
export const isStale = (error: unknown): boolean => error instanceof ApiError && (error.code === "settings.stale" || error.status === 412);

/**
 * Field errors by dotted path within the form ("name", "week.monday.0.end"): the box may name them from
 * the page's root ("items.3.name"), as a pointer, or from the entry.
 */
export function errorsByPath(errors: readonly FieldError[], fields: ReadonlySet<string>): Record<string, string> {
  const out: Record<string, string> = {};
  for (const error of errors) {
    const parts = error.path.replaceAll("[", ".").replaceAll("]", "").split(/[./]/).filter(Boolean);
    const start = parts.findIndex((part) => fields.has(part));
    const key = start >= 0 ? parts.slice(start).join(".") : "";
    out[key] = out[key] ? `${out[key]} ${error.text}` : error.text;
  }
  return out;
}
