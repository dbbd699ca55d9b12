import { MantineProvider } from "@mantine/core";
import { cleanup, configure, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { session } from "../state/session";
import { ConfirmHost } from "../ui/confirm";
import type { Interface, Network, Trial } from "./api";
import { ConfirmPage } from "./ConfirmPage";
import { capabilitiesOf } from "./InterfaceForm";
import { NetworkPage } from "./NetworkPage";
import { after, begin, standing } from "./trial";
import { placeAt } from "./words";

vi.mock("../status/Chart", () => ({ Chart: ({ label }: { label: string }) => <figure aria-label={label} /> }));
configure({ asyncUtilTimeout: 5000 });

const one = (name: string, changes: Partial<Interface> = {}): Interface => ({
  name, kind: "ethernet", mac: "52:54:00:12:34:01", link: true, speed_mbps: 1000, mtu: 1500, medium: "copper", condition: "connected", addresses: ["192.168.1.64/24"],
  gateway: "192.168.1.1", gateway6: "", dns: ["192.168.1.1"], bond: "", ssid: "", signal_percent: null, default: true, conflict: "", rx_bps: 4e6, tx_bps: 1e5, ...changes,
});
const trial = (changes: Partial<Trial> = {}): Trial => ({ left_s: 60, actor: "admin", applied: true, addresses: ["192.168.1.108"], ...changes });
const status = (changes: Partial<Network> = {}): Network => ({ simulated: false, offline: false, mode: "single", fault: "", interfaces: [one("eth0")], trial: null, outcome: null, ...changes });
const field = (name: string, widget: string, more: object = {}): object => ({
  name, title: name, help: "", widget, unit: "", default: "", required: false, nullable: false, empty_title: "", minimum: null, maximum: null, min_length: null, max_length: null,
  choices: null, secret: false, restart: "", capability: "", visible_when: null, placeholder: "", options: {}, requirements: [], ...more,
});
const methods = [{ value: "dhcp", title: "Automatic (DHCP)" }, { value: "manual", title: "Fixed" }];
const page = {
  values: { mode: "single", default_interface: "", items: [{ id: "eth0", ipv4: "manual", address: "192.168.1.64", ssid: "" }] }, etag: "1", item_etags: { eth0: "2" }, capabilities: ["multi_nic", "wifi", "dot1x"],
  ui: {
    page: "network", title: "TCP/IP", menu: "NETWORK", help: "", sections: [{ slug: "default", title: "", advanced: false, fields: [field("default_interface", "text")] }],
    collection: {
      field: "items", item_title: "Interface", capacity: 16, follows: "", fixed: true,
      sections: [{ slug: "ipv4", title: "", advanced: false, fields: [field("ipv4", "select", { choices: methods }), field("address", "text"), field("ssid", "text", { capability: "wifi" })] }],
    },
  },
};

let network: Network;
let refusal: [number, object] | null;
const sent: [string, unknown][] = [];
const answer = (code: number, body: unknown): Response => new Response(code === 204 ? null : JSON.stringify(body), { status: code, headers: { "Content-Type": "application/json" } });

beforeEach(() => {
  network = status();
  refusal = null;
  sent.length = 0;
  session.update({ permissions: ["network", "status"] });
  vi.stubGlobal("fetch", async (url: string, options: RequestInit) => {
    const what = url.replace("/api/v1/", "");
    if ((options.method ?? "GET") !== "GET") {
      sent.push([what, options.body ? JSON.parse(String(options.body)) : null]);
      if (refusal) return answer(...refusal);
    }
    if (what === "network/change") return answer(200, { version: 2, token: "t".repeat(22), trial: trial({ applied: false }) });
    if (what === "network/test") return answer(200, { used_by: ["52:54:00:00:00:20"] });
    if (what === "network/keep" || what === "network/confirm" || what === "network/revert") return answer(204, null);
    if (what.includes("/history")) return answer(200, { interface: "eth0", span: "minutes", step_s: 1, rx_bps: [1, 2], tx_bps: [1, 2] });
    if (what.startsWith("settings/")) return answer(200, page);
    return answer(200, network);
  });
});
afterEach(() => {
  cleanup();
  standing.set(null);
  session.update({ permissions: [] });
  vi.unstubAllGlobals();
});

const show = (content = <NetworkPage />): void => {
  render(<MantineProvider withCssVariables={false} withGlobalClasses={false}>{content}<ConfirmHost /></MantineProvider>);
};
const edit = async (address: string): Promise<void> => {
  fireEvent.click(await screen.findByRole("button", { name: "Change eth0" }));
  fireEvent.change(await screen.findByLabelText("address"), { target: { value: address } });
};

describe("the network page", () => {
  it("shows link, speed, addresses and load of an interface", async () => {
    show();
    expect(await screen.findByRole("heading", { name: "Ethernet eth0" })).toBeTruthy();
    for (const text of ["192.168.1.64/24", /^1,?000 Mbit\/s$/, "52:54:00:12:34:01", "4 Mbit/s received, 100 kbit/s sent", "To all other networks"]) expect(screen.getByText(text)).toBeTruthy();
    expect(await screen.findByLabelText("Load of eth0 over time")).toBeTruthy();
  });
  it("says what is wrong and what is simulated", async () => {
    network = status({ simulated: true, offline: true, fault: "NetworkManager does not run.", interfaces: [one("eth0", { conflict: "52:54:00:00:00:99" })] });
    show();
    for (const text of [/This network is simulated/, /NetworkManager does not run/, /The recorder is offline/, /52:54:00:00:00:99.*uses this address/]) expect(await screen.findByText(text)).toBeTruthy();
  });
  it("sends a change with the entry's ETag and begins its trial", async () => {
    network = status({ trial: trial({ applied: false }) });
    show();
    await edit("192.168.1.108");
    fireEvent.click(screen.getAllByRole("button", { name: "Apply changes" })[0]!);
    expect(await screen.findByText("New network settings on trial")).toBeTruthy();
    expect(sent[0]).toEqual(["network/change", { item: "eth0", changes: { address: "192.168.1.108" }, etag: "2" }]);
    expect(await screen.findByText(/^Taken back in (60|59) s$/)).toBeTruthy();
  });
  it("names a wrong field in place and begins nothing", async () => {
    refusal = [422, { code: "network.address_in_use", text: "In use.", fields: [{ path: "address", code: "in_use", text: "is in use already" }] }];
    show();
    await edit("192.168.1.20");
    fireEvent.click(screen.getAllByRole("button", { name: "Apply changes" })[0]!);
    expect((await screen.findAllByText(/is in use already/)).length).toBeGreaterThan(0);
    expect(standing.get()).toBeNull();
  });
  it("asks who bears the address that stands in the form", async () => {
    show();
    await edit("192.168.1.20");
    fireEvent.click(screen.getByRole("button", { name: "Test address" }));
    await waitFor(() => expect(sent).toEqual([["network/test", { interface: "eth0", address: "192.168.1.20" }]]));
  });
  it("keeps by itself what leaves the recorder reachable at this address", async () => {
    network = status({ trial: trial() });
    begin("t".repeat(22), trial());
    show();
    await waitFor(() => expect(sent).toContainEqual(["network/confirm", { token: "t".repeat(22) }]));
    expect(await screen.findByText("The new settings hold.")).toBeTruthy();
  });
  it("lets the person decide where the network is simulated", async () => {
    network = status({ simulated: true, trial: trial() });
    begin("t".repeat(22), trial());
    show();
    const keep = await screen.findByRole("button", { name: "Keep new settings" });
    await waitFor(() => expect(keep).toHaveProperty("disabled", false));
    expect(sent).toEqual([]);
    fireEvent.click(keep);
    expect(await screen.findByText("The new settings hold.")).toBeTruthy();
  });
  it("offers a trial that somebody else began to whoever reaches the page", async () => {
    network = status({ trial: trial() });
    show();
    expect(await screen.findByText(/admin changed the network/)).toBeTruthy();
    fireEvent.click(screen.getByRole("button", { name: "Keep new settings" }));
    await waitFor(() => expect(sent.map(([what]) => what)).toEqual(["network/keep"]));
  });
  it("changes nothing for who may only look", async () => {
    session.update({ permissions: ["status"] });
    show();
    expect(await screen.findByRole("heading", { name: "Ethernet eth0" })).toBeTruthy();
    expect(screen.queryByRole("button", { name: "Change eth0" })).toBeNull();
  });
});

describe("a trial", () => {
  const now = { token: "t", trial: trial(), until: 1000, state: "waiting", reason: "" } as const;
  it("is gone while nothing answers, here while it is in force, and over with its outcome", () => {
    expect(after(now, null, 500).state).toBe("gone");
    expect(after(now, null, 1500).state).toBe("waiting");
    expect(after(now, status({ trial: trial({ applied: false }) }), 500).state).toBe("waiting");
    expect(after(now, status({ trial: trial() }), 500)).toMatchObject({ state: "here", until: 60_500 });
    const back = status({ outcome: { code: "taken_back", text: "Nobody came." } });
    expect(after(now, back, 500)).toMatchObject({ state: "taken_back", reason: "Nobody came." });
    expect(after({ ...now, state: "kept" }, back, 500).state).toBe("kept");
  });
  it("is confirmed at the new address by the token, which leaves the address bar", async () => {
    history.replaceState(null, "", "/network/confirm#secret-token-1");
    show(<ConfirmPage />);
    expect(await screen.findByText("The new settings hold.")).toBeTruthy();
    expect(sent).toEqual([["network/confirm", { token: "secret-token-1" }]]);
    expect(location.hash).toBe("");
  });
  it("says so where it was taken back before", async () => {
    refusal = [404, { code: "network.no_trial", text: "There is nothing to confirm." }];
    history.replaceState(null, "", "/network/confirm#secret-token-1");
    show(<ConfirmPage />);
    expect((await screen.findByRole("alert")).textContent).toBe("There is nothing to confirm.");
  });
});

describe("where the recorder is", () => {
  it("keeps protocol and port, and brackets IPv6", () => {
    const here = { protocol: "https:", port: "8443" } as Location;
    expect(placeAt("192.168.1.108", here, "t")).toBe("https://192.168.1.108:8443/network/confirm#t");
    expect(placeAt("2001:db8::5", { ...here, port: "" })).toBe("https://[2001:db8::5]/network/confirm");
  });
  it("asks of each kind of interface only what it can be told", () => {
    const all = ["dot1x", "folders", "multi_nic", "wifi"];
    expect(capabilitiesOf("ethernet", all)).toEqual(["dot1x", "multi_nic"]);
    expect(capabilitiesOf("wifi", all)).toEqual(["wifi"]);
    expect(capabilitiesOf("bond", all)).toEqual([]);
  });
});
