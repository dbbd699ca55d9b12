/** Tags over the REST API: instants of a channel with a name. */
import { call, get, post } from "../api/http";

export interface Tag {
  id: string;
  channel: number;
  at: number;
  name: string;
  author: string;
  changed: number;
  /** Since when no disk has footage of it; null while one has. */
  gone: number | null;
}

export interface TagPage {
  tags: Tag[];
  next: string | null;
}

export type TagFilters = Record<"channels" | "from" | "to" | "name", string | null>;

/** Characters of a name, as a person counts them: an emoji is one. */
export const MAX_NAME = 64;
export const lengthOf = (name: string): number => [...name.normalize("NFC").trim()].length;

export const findTags = (filters: Partial<TagFilters>, limit: number, after: string | null, signal?: AbortSignal): Promise<TagPage> =>
  get<TagPage>("/tags", { ...filters, limit, after }, signal);
export const addTag = (channel: number, at: number, name: string): Promise<Tag> => post<Tag>("/tags", { channel, at: Math.round(at), name });
export const renameTag = async (id: string, name: string): Promise<Tag> => (await call<Tag>("PATCH", `/tags/${id}`, { body: { name } })).data;

/** More than the box takes at once goes in parts. */
const AT_ONCE = 500;

export async function deleteTags(ids: readonly string[]): Promise<number> {
  let deleted = 0;
  for (let from = 0; from < ids.length; from += AT_ONCE) {
    deleted += (await post<{ deleted: number }>("/tags/delete", { ids: ids.slice(from, from + AT_ONCE) })).deleted;
  }
  return deleted;
}

/** Where to begin to play a tag: `before` seconds ahead, or where its recording begins (D1-PB-35). */
export const whereToPlay = (id: string, before: number): Promise<{ channel: number; at: number; recorded: boolean }> =>
  get<{ channel: number; at: number; recorded: boolean }>(`/tags/${id}/play`, { before });
