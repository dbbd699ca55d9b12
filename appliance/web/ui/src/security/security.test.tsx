import { MantineProvider } from "@mantine/core";
import { cleanup, configure, fireEvent, render, screen, waitFor } from "@testing-library/react";
import type { ReactNode } from "react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ConfirmHost } from "../ui/confirm";
import type { Certificates, Firewall, Preview, Services } from "./api";
import { CertificatesPanel } from "./CertificatesPanel";
import { FirewallPanel, mayApply } from "./FirewallPanel";
import { ServicesPanel } from "./ServicesPanel";

configure({ asyncUtilTimeout: 5000 });

const facts = { subject: "nvr.example.org", issuer: "Test issuer", names: ["nvr.example.org"], not_before: 0, not_after: Date.UTC(2099, 0, 1), key: "ECDSA P-256", fingerprint: "AA:BB", serial: "7", self_signed: false };
let firewall: Firewall;
let preview: Preview;
let services: Services;
let certificates: Certificates;
let refusals: string[] = [];
let refuseImport: { path: string; text: string } | null = null;
const sent: [string, string, unknown][] = [];
const answer = (code: number, body: unknown): Response => new Response(code === 204 ? null : JSON.stringify(body), { status: code, headers: { "Content-Type": "application/json" } });

beforeEach(() => {
  sent.length = 0;
  refusals = [];
  refuseImport = null;
  firewall = { mode: "allow", simulated: false, fault: "", trial: { until: Date.UTC(2026, 10, 21, 14), left_s: 41.2 } };
  preview = { cut_off: [], you: false };
  const service = { slug: "https", title: "Web page", why: "Everything is set by it.", protocol: "tcp" as const, ports: "8443", reach: "everybody" as const, on: true, state: "on" as const, page: "", field: "", how: "Always on", default: true, risky: false, programs: ["web"] };
  services = {
    services: [service, { ...service, slug: "ssh", title: "Shell", ports: "22", on: false, state: "open", risky: true }],
    unknown: [{ protocol: "tcp", address: "0.0.0.0", port: 4444, program: "nc", local: false }, { protocol: "tcp", address: "127.0.0.1", port: 5555, program: "cups", local: true }],
    ssh: { on: false, left_s: 0, until: null, keys: 0, minutes: 60 }, simulated: true,
  };
  certificates = {
    certificates: [
      { id: "device", kind: "device", chain: [{ ...facts, self_signed: true }], requested: false, used_by: ["web"] },
      { id: "office", kind: "certificate", chain: [facts, { ...facts, subject: "Test issuer", fingerprint: "CC" }], requested: false, used_by: [] },
      { id: "asked", kind: "request", chain: [], requested: true, used_by: [] },
    ],
    authorities: [], services: [{ service: "web", title: "HTTPS", chosen: "device", shown: "device", reason: "" }], most: 16,
  };
  vi.stubGlobal("fetch", async (url: string, options: RequestInit) => {
    const path = url.replace("/api/v1", "");
    const body: unknown = options.body ? JSON.parse(String(options.body)) : null;
    if (options.method !== "GET") sent.push([options.method ?? "", path, body]);
    if (path === "/firewall") return answer(200, firewall);
    if (path === "/firewall/preview") return answer(200, preview);
    if (path === "/services") return answer(200, services);
    if (path === "/certificates") return answer(200, certificates);
    if (path === "/firewall/keep" && refusals.length > 0) return answer(409, { code: refusals.shift(), text: "Refused." });
    if (path === "/certificates/import" && refuseImport) return answer(422, { code: "x", text: "Wrong.", fields: [{ code: "x", ...refuseImport }] });
    if (path === "/certificates/import") return answer(200, { id: "office" });
    return answer(204, null);
  });
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const show = (what: ReactNode): void => void render(<MantineProvider env="test">{what}<ConfirmHost /></MantineProvider>);

describe("the firewall", () => {
  it("keeps rules by a new connection: those from before are used up one by one", async () => {
    refusals = ["firewall.old_connection", "firewall.old_connection"];
    show(<FirewallPanel />);
    await screen.findByText(/within 42 s/);
    fireEvent.click(screen.getByRole("button", { name: "Keep new rules" }));
    await waitFor(() => expect(sent.filter(([, path]) => path === "/firewall/keep")).toHaveLength(3));
  });
  it("does not try again what is refused for another reason", async () => {
    refusals = ["firewall.cut_off", "firewall.cut_off"];
    show(<FirewallPanel />);
    fireEvent.click(await screen.findByRole("button", { name: "Keep new rules" }));
    await waitFor(() => expect(sent).toHaveLength(1));
    expect(refusals).toHaveLength(1);
  });
  it("asks before rules that keep somebody out, by name", async () => {
    show(null);
    expect(await mayApply({ mode: "off" })).toBe(true);
    preview = { cut_off: [{ name: "ann", address: "10.0.0.5" }], you: true };
    const answered = mayApply({ mode: "allow" });
    await screen.findByText("These rules keep you out");
    expect(screen.getByText(/ann at 10.0.0.5/)).toBeTruthy();
    fireEvent.click(screen.getByRole("button", { name: "Leave them as they are" }));
    expect(await answered).toBe(false);
  });
});

describe("services", () => {
  it("are shown beside what really listens", async () => {
    show(<ServicesPanel />);
    await screen.findByText("Off, yet something listens");
    expect(screen.getByText("nc")).toBeTruthy();
    expect(screen.getByText("1 more that only this machine reaches")).toBeTruthy();
    expect(screen.getByText(/nothing on it is changed/)).toBeTruthy();
    expect((screen.getByRole("button", { name: "Switch SSH on" }) as HTMLButtonElement).disabled).toBe(true);
  });
  it("ask before the shell is switched on", async () => {
    services.ssh.keys = 1;
    show(<ServicesPanel />);
    fireEvent.click(await screen.findByRole("button", { name: "Switch SSH on" }));
    await screen.findByText(/goes off by itself after 60 minutes/, { selector: "p" });
    fireEvent.click(screen.getAllByRole("button", { name: "Switch SSH on" }).at(-1)!);
    await waitFor(() => expect(sent).toEqual([["POST", "/services/ssh", { on: true }]]));
  });
});

describe("certificates", () => {
  it("are listed with what can be done to each", async () => {
    show(<CertificatesPanel />);
    await screen.findByText("Waits for the authority");
    expect(screen.queryByRole("button", { name: "Delete device" })).toBeNull();
    expect(screen.getByRole("button", { name: "Delete office" })).toBeTruthy();
    expect(screen.getByRole("link", { name: "Save asked as a file" }).getAttribute("href")).toBe("/api/v1/certificates/asked/file");
    fireEvent.click(screen.getByRole("button", { name: "Details of office" }));
    await screen.findByText("CC");
  });
  it("name the wrong field of an import in place", async () => {
    refuseImport = { path: "passphrase", text: "The passphrase does not open it." };
    show(<CertificatesPanel />);
    fireEvent.click(await screen.findByRole("button", { name: "Import certificate" }));
    const file = document.querySelector<HTMLInputElement>("input[type=file]")!;
    fireEvent.change(file, { target: { files: [new File(["-----BEGIN CERTIFICATE-----"], "a.pem")] } });
    fireEvent.click(await screen.findByRole("button", { name: "Import" }));
    await screen.findByText("The passphrase does not open it.");
    expect(sent[0]?.[2]).toMatchObject({ pem: "-----BEGIN CERTIFICATE-----" });
  });
});
