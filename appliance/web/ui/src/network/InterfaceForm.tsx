/** The settings of one interface; applied on trial, its address asked for first if wanted. */
import { Button } from "@mantine/core";
import { useEffect, useMemo, useRef, useState } from "react";
import { words } from "../api/http";
import { t } from "../i18n";
import { useQuery } from "../router/router";
import { type PageData, type Values } from "../settings/api";
import { fieldsOf } from "../settings/draft";
import { Form } from "../settings/Form";
import { useForm } from "../settings/useForm";
import { Section } from "../ui/parts";
import { say } from "../ui/toast";
import { useResource } from "../ui/useResource";
import { changeNetwork, scanWifi, testAddress, type Interface } from "./api";
import styles from "./network.module.css";
import { begin } from "./trial";

/** What a kind of interface can be told of all that the box can do. */
export function capabilitiesOf(kind: Interface["kind"], box: readonly string[]): string[] {
  const fitting = { ethernet: ["multi_nic", "dot1x"], wifi: ["wifi"], bond: [] }[kind] as string[];
  return box.filter((capability) => fitting.includes(capability));
}

/** Send a change and begin its trial; fails as any form does. */
export async function send(item: string | null, changes: Values, etag: string, applied: () => void): Promise<void> {
  const { token, trial } = await changeNetwork(item, changes, etag);
  if (token !== null && trial !== null) begin(token, trial);
  else say(t("settings.applied"));
  applied();
}

function Sites({ name, choose }: { name: string; choose: (ssid: string) => void }) {
  const { data, fault, reload } = useResource(() => scanWifi(name), [name]);
  return (
    <Section title={t("network.sites")} actions={<Button variant="default" size="sm" onClick={reload}>{t("network.scan")}</Button>}>
      {fault && <p role="alert" className={styles.bad}>{fault}</p>}
      {data?.length === 0 && <p className="dim">{t("network.noSites")}</p>}
      <ul className={styles.sites}>
        {(data ?? []).map((site) => (
          <li key={site.ssid}>
            <span>{site.ssid}</span>
            <span className="dim">{t(site.secure ? "network.siteSecure" : "network.siteOpen", { n: site.signal_percent })}</span>
            <Button variant="default" size="sm" disabled={site.connected} onClick={() => choose(site.ssid)}>{t(site.connected ? "network.joined" : "network.use", { ssid: site.ssid })}</Button>
          </li>
        ))}
      </ul>
    </Section>
  );
}

export function InterfaceForm({ one, entry, data, reload }: { one: Pick<Interface, "name" | "kind">; entry: Values; data: PageData; reload: () => void }) {
  const collection = data.ui.collection!;
  const capabilities = useMemo(() => capabilitiesOf(one.kind, data.capabilities ?? []), [one.kind, data.capabilities]);
  const fields = useMemo(() => fieldsOf(collection.sections), [collection]);
  const [asking, setAsking] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  useEffect(() => root.current?.scrollIntoView?.({ block: "start" }), []);
  const form = useForm({ base: entry, fields, reload, send: (changes) => send(one.name, changes, data.item_etags[one.name] ?? data.etag, reload) });
  // The name of an interface is no setting.
  const sections = useMemo(() => collection.sections.map((section) => ({ ...section, fields: section.fields.filter((field) => field.name !== "id") })), [collection]);
  const test = async (): Promise<void> => {
    setAsking(true);
    const address = String(form.values["address"] ?? "").trim();
    try {
      const users = await testAddress(one.name, address);
      say(users.length > 0 ? t("network.inUse", { address, macs: users.join(", ") }) : t("network.free", { address }), { bad: users.length > 0 });
    } catch (error) {
      say(words(error), { bad: true });
    } finally {
      setAsking(false);
    }
  };
  const join = (ssid: string): void => {
    form.set("ssid", ssid);
    form.set("wifi", true);
  };
  return (
    <div className={styles.form} ref={root}>
      <h2>{t("network.change", { name: one.name })}</h2>
      {one.kind === "wifi" && <Sites name={one.name} choose={join} />}
      <Form
        sections={sections} base={entry} form={form} lit={useQuery("field")} capabilities={capabilities}
        extra={form.values["ipv4"] === "manual" && <Button variant="default" loading={asking} onClick={() => void test()}>{t("network.test")}</Button>}
      />
    </div>
  );
}
