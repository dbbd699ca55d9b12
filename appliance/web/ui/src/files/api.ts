/** Files of a stick or mounted folder over the REST API (D1-PB-11). */
import { get, url } from "../api/http";

export interface FileEntry {
  name: string;
  kind: "folder" | "film" | "archive";
  size: number;
  modified: number;
  /** A folder with a manifest: an export of a recorder. */
  export: boolean;
}

export interface Folder {
  entries: FileEntry[];
  export: boolean;
  more: boolean;
}

export interface FilmFacts {
  container: string;
  seconds: number | null;
  video: { codec: string; codec_string: string; width: number; height: number } | null;
  audio: string | null;
  /** Browsers play it as it is, if they can decode its pictures. */
  native: boolean;
  /** Why the box cannot turn it into what they play. */
  obstacle: "" | "no_picture" | "coding" | "order";
}

export const listFiles = (place: string, path: string, signal?: AbortSignal): Promise<Folder> => get<Folder>(`/places/${place}/files`, { path }, signal);
export const factsOf = (place: string, path: string, signal?: AbortSignal): Promise<FilmFacts> => get<FilmFacts>(`/places/${place}/facts`, { path }, signal);
export const filmUrl = (place: string, path: string): string => url(`/places/${place}/film`, { path });
export const turnedUrl = (place: string, path: string, from: number): string => url(`/places/${place}/play`, { path, from: from > 0 ? from : null });

const WORDS: Readonly<Record<string, string>> = { h264: "H.264", hevc: "H.265", mpeg4: "MPEG-4", mjpeg: "Motion JPEG", mpeg2video: "MPEG-2" };
export const codecWord = (name: string): string => WORDS[name] ?? name.toUpperCase();

/** Whether this browser says that it can decode the pictures; asked of the browser, never assumed. */
export function decodes(facts: FilmFacts, ask: (type: string) => string = (type) => document.createElement("video").canPlayType(type)): boolean {
  const coding = facts.video?.codec_string;
  return !coding || ask(`video/mp4; codecs="${coding}"`) !== "";
}
