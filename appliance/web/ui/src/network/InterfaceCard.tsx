/** One interface: link, speed, addresses, and what goes over it. */
import { Button, SegmentedControl } from "@mantine/core";
import { useState } from "react";
import { t } from "../i18n";
import { Chart } from "../status/Chart";
import { Mark } from "../ui/parts";
import { useResource } from "../ui/useResource";
import { getLoad, type Interface, type Span } from "./api";
import styles from "./network.module.css";
import { bits, condition, level, speed, title } from "./words";

const LIVE_MS = 2000;
const SLOW_MS = 30_000;

function Fact({ name, value }: { name: string; value: string }) {
  return value ? (
    <>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </>
  ) : null;
}

function Load({ name }: { name: string }) {
  const [span, setSpan] = useState<Span>("minutes");
  const [way, setWay] = useState<"rx" | "tx">("rx");
  const { data } = useResource((signal) => getLoad(name, span, signal), [name, span], span === "minutes" ? LIVE_MS : SLOW_MS);
  const values = (way === "rx" ? data?.rx_bps : data?.tx_bps) ?? [];
  const times = data ? values.map((_value, index) => data.end_s - (values.length - 1 - index) * data.step_s) : [];
  return (
    <div className={styles.load}>
      <div className={styles.picks}>
        <SegmentedControl size="xs" aria-label={t("network.way")} value={way} onChange={(value) => setWay(value as "rx" | "tx")} data={[{ value: "rx", label: t("network.received") }, { value: "tx", label: t("network.sent") }]} />
        <SegmentedControl size="xs" aria-label={t("network.span")} value={span} onChange={(value) => setSpan(value as Span)} data={[{ value: "minutes", label: t("network.minutes") }, { value: "day", label: t("network.day") }]} />
      </div>
      {values.filter((value) => value !== null).length > 1 ? (
        <Chart title={t(way === "rx" ? "network.received" : "network.sent")} label={t("network.loadOf", { name })} times={times} values={values} format={bits} />
      ) : (
        <p className="dim">{t("network.noLoad")}</p>
      )}
    </div>
  );
}

export function InterfaceCard({ one, change, chosen }: { one: Interface; change: (() => void) | null; chosen: boolean }) {
  return (
    <article className={styles.card} aria-label={title(one)}>
      <header>
        <h2>{title(one)}</h2>
        <Mark level={level(one)}>{condition(one)}</Mark>
      </header>
      {one.conflict && <p role="alert" className={styles.bad}>{t("network.conflict", { mac: one.conflict })}</p>}
      <strong className={styles.address}>{one.addresses[0] ?? "–"}</strong>
      <dl className={styles.facts}>
        <Fact name={t("network.more")} value={one.addresses.slice(1).join(", ")} />
        <Fact name={t("network.speed")} value={speed(one)} />
        <Fact name={t("network.ssid")} value={one.ssid && t("network.signal", { ssid: one.ssid, n: one.signal_percent ?? 0 })} />
        <Fact name={t("network.gateway")} value={[one.gateway, one.gateway6].filter(Boolean).join(", ")} />
        <Fact name={t("network.dns")} value={one.dns.join(", ")} />
        <Fact name={t("network.mac")} value={one.mac} />
        <Fact name={t("network.mtu")} value={String(one.mtu)} />
        <Fact name={t("network.now")} value={one.link ? t("network.nowOf", { rx: bits(one.rx_bps), tx: bits(one.tx_bps) }) : ""} />
        <Fact name={t("network.out")} value={one.default ? t("network.isOut") : ""} />
      </dl>
      {one.link && <Load name={one.name} />}
      {change && <div><Button variant={chosen ? "filled" : "default"} aria-expanded={chosen} onClick={change}>{t("network.change", { name: one.name })}</Button></div>}
    </article>
  );
}
