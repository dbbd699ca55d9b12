/** Accounts, groups, sessions, tokens and what proves a person, over the REST API. */
import { call, get, post } from "../api/http";
import type { Rights } from "./rights";

export interface User {
  name: string;
  group: string;
  /** Whether the rights are narrower than the group's. */
  own_rights: boolean;
  /** Those in force. */
  rights: Rights;
  remarks: string;
  period: Record<string, { start: string; end: string }[]> | null;
  mac: string;
  hint: string;
  blocked_until_utc_s: number;
  /** Why the account may not sign in now. */
  refused: string | null;
  second_factor: boolean;
  /** The group asks for a second factor. */
  factor_needed: boolean;
  pattern: boolean;
  changed_utc_s: number;
  revision: number;
  /** The administrator of the first set-up: stays as it is. */
  fixed: boolean;
  /** Whether this person may change it. */
  within: boolean;
  tokens: number;
}

export interface Group {
  name: string;
  rights: Rights;
  remarks: string;
  revision: number;
  /** The members need a second factor. */
  factor: boolean;
  fixed: boolean;
  within: boolean;
  members: string[];
}

export const LEVELS = ["administrator", "operator", "user"] as const;

/** An account for other systems that speak ONVIF (D2-AC-20). */
export interface OnvifUser {
  name: string;
  level: (typeof LEVELS)[number];
  remarks: string;
  changed_utc_s: number;
  revision: number;
  within: boolean;
}

export interface PermissionFact {
  name: string;
  per_channel: boolean;
}

export interface SignedIn {
  id: string;
  user: string;
  address: string;
  agent: string;
  created_utc_s: number;
  used_utc_s: number;
  open: boolean;
  own: boolean;
  here: boolean;
}

export interface ApiToken {
  id: string;
  user: string;
  name: string;
  rights: Rights;
  created_utc_s: number;
  expires_utc_s: number | null;
  used_utc_s: number | null;
}

export interface Ways {
  enabled: boolean;
  questions: string[];
  file: boolean;
  /** Whether this browser is on the recorder's own network. */
  near: boolean;
}

const at = (kind: string, name: string): string => `/${kind}/${encodeURIComponent(name)}`;

export const listUsers = (): Promise<{ users: User[]; permissions: PermissionFact[] }> => get("/users");
export const listGroups = async (): Promise<Group[]> => (await get<{ groups: Group[] }>("/groups")).groups;
export const addUser = (values: object): Promise<User> => post("/users", values);
export const changeUser = async (name: string, values: object): Promise<User> => (await call<User>("PATCH", at("users", name), { body: values })).data;
export const removeUser = async (name: string): Promise<void> => void (await call("DELETE", at("users", name)));
export const givePassword = async (name: string, password: string): Promise<void> => void (await post(`${at("users", name)}/password`, { password }));
export const blockUser = async (name: string, minutes: number): Promise<void> => void (await post(`${at("users", name)}/block`, { minutes }));
export const addGroup = (values: object): Promise<Group> => post("/groups", values);
export const changeGroup = async (name: string, values: object): Promise<Group> => (await call<Group>("PATCH", at("groups", name), { body: values })).data;
export const removeGroup = async (name: string): Promise<void> => void (await call("DELETE", at("groups", name)));
export const listOnvifUsers = async (): Promise<OnvifUser[]> => (await get<{ users: OnvifUser[] }>("/onvif-users")).users;
export const addOnvifUser = (values: object): Promise<OnvifUser> => post("/onvif-users", values);
export const changeOnvifUser = async (name: string, values: object): Promise<OnvifUser> => (await call<OnvifUser>("PATCH", at("onvif-users", name), { body: values })).data;
export const removeOnvifUser = async (name: string): Promise<void> => void (await call("DELETE", at("onvif-users", name)));
export const listSessions = async (): Promise<SignedIn[]> => (await get<{ sessions: SignedIn[] }>("/sessions")).sessions;
export const endSession = async (id: string): Promise<void> => void (await call("DELETE", `/sessions/${id}`));
export const listTokens = async (): Promise<ApiToken[]> => (await get<{ tokens: ApiToken[] }>("/tokens")).tokens;
export const addToken = (values: { name: string; rights: Rights; days: number | null; password: string }): Promise<{ token: string; record: ApiToken }> => post("/tokens", values);
export const revokeToken = async (id: string): Promise<void> => void (await call("DELETE", `/tokens/${id}`));
export const ownSecurity = (): Promise<{ second_factor: boolean; factor_needed: boolean; pattern: boolean; changed_utc_s: number }> => get("/second-factor");
export const beginFactor = (password: string): Promise<{ secret: string; address: string }> => post("/second-factor", { password });
export const confirmFactor = async (code: string): Promise<string[]> => (await post<{ spare: string[] }>("/second-factor/confirm", { code })).spare;
export const dropFactor = async (password: string): Promise<void> => void (await post("/second-factor/drop", { password }));
export const setPattern = async (password: string, pattern: number[]): Promise<void> => void (await post("/pattern", { password, pattern }));
export const recoveryWays = (): Promise<Ways> => get("/recovery");
export const resetPassword = async (body: object): Promise<void> => void (await post("/recovery", body));
export const setQuestions = async (password: string, questions: { question: string; answer: string }[]): Promise<void> => void (await call("PUT", "/recovery/questions", { body: { password, questions } }));
export const makeRecoveryFile = (password: string): Promise<{ key: string }> => post("/recovery/file", { password });
export const allowRecovery = async (password: string, enabled: boolean): Promise<void> => void (await call("PUT", "/recovery/enabled", { body: { password, enabled } }));
