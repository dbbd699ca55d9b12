/** One PoE port: how it is and why, what it draws over time, switching it off and on. */
import { Button, SegmentedControl, Switch } from "@mantine/core";
import { IconPlugConnectedX } from "@tabler/icons-react";
import { useState } from "react";
import { words } from "../api/http";
import { t } from "../i18n";
import { decimal, rate, size, span } from "../i18n/format";
import { Link } from "../router/Link";
import { change } from "../settings/api";
import { Chart } from "../status/Chart";
import { confirm } from "../ui/confirm";
import { FaultNote, Mark, Section } from "../ui/parts";
import { say } from "../ui/toast";
import { useResource } from "../ui/useResource";
import { cyclePort, getHistory, leaveAlone, type PoePort, type Priority, type Socket, type Span } from "./api";
import styles from "./poe.module.css";
import { PRIORITIES, SPANS, stateLevel, watts } from "./words";

const LIVE_MS = 2000;
const SLOW_MS = 30_000;
const ALONE_S = 3600;

function Fact({ title, value }: { title: string; value: string }) {
  return (
    <>
      <dt>{title}</dt>
      <dd>{value}</dd>
    </>
  );
}

function History({ port }: { port: number }) {
  const [span_, setSpan] = useState<Span>("minutes");
  const { data, fault } = useResource((signal) => getHistory(port, span_, signal), [port, span_], span_ === "minutes" ? LIVE_MS : SLOW_MS);
  const times = data?.mean_w.map((_value, index) => data.end_s - (data.mean_w.length - 1 - index) * data.step_s) ?? [];
  return (
    <div className={styles.history}>
      <SegmentedControl
        aria-label={t("poe.history")} value={span_} onChange={(value) => setSpan(value as Span)} size="xs"
        data={SPANS.map((value) => ({ value, label: t(`poe.span.${value}`) }))}
      />
      {fault && <FaultNote text={fault} />}
      {times.length > 1 ? (
        <Chart title={span_ === "minutes" ? t("poe.power") : t("poe.peak")} label={t("poe.historyOf", { n: port })} times={times} values={span_ === "minutes" ? data!.mean_w : data!.most_w} format={watts} />
      ) : (
        <p className="dim">{t("poe.noHistory")}</p>
      )}
    </div>
  );
}

export function PortDetail({ port, socket, editable, reload }: { port: PoePort; socket: Socket | undefined; editable: boolean; reload: () => void }) {
  const [busy, setBusy] = useState(false);
  const act = async (work: () => Promise<unknown>, done = ""): Promise<void> => {
    setBusy(true);
    try {
      await work();
      if (done) say(done);
    } catch (error) {
      say(words(error), { bad: true });
    } finally {
      setBusy(false);
      reload();
    }
  };
  const wanted = (wish: { enabled?: boolean; priority?: Priority }): Promise<void> =>
    act(() => change("poe", port.number, wish));
  const cycle = async (): Promise<void> => {
    const yes = await confirm({ title: t("poe.cycleTitle", { n: port.number }), text: t("poe.cycleText"), yes: t("poe.cycle") });
    if (yes) await act(() => cyclePort(port.number), t("poe.cycleDone", { n: port.number }));
  };
  const alone = (seconds: number): Promise<void> =>
    act(() => leaveAlone(port.number, seconds), t(seconds ? "poe.aloneDone" : "poe.aloneEnded", { n: port.number }));
  const toggle = async (enabled: boolean): Promise<void> => {
    if (!enabled && port.state === "on" && !(await confirm({ title: t("poe.offTitle", { n: port.number }), text: t("poe.offText"), yes: t("poe.off") }))) return;
    await wanted({ enabled });
  };
  return (
    <Section title={t("poe.port", { n: port.number })}>
      <p className={styles.state}>
        <Mark level={stateLevel(port)}>{t(`poe.state.${port.state}`)}</Mark>
        {port.text && <span>{port.text}</span>}
        <span className="dim">{t("poe.since", { span: span(port.since_s) })}</span>
        {port.retry_s > 0 && <span className="dim">{t("poe.retry", { span: span(port.retry_s) })}</span>}
      </p>
      {port.camera_text && <FaultNote text={port.camera_text} />}
      <div className={styles.detail}>
        <dl className={styles.list}>
          <Fact title={t("poe.power")} value={t("poe.powerOf", { watts: watts(port.watts), volts: decimal(port.volts), milliamps: decimal(port.amps * 1000, 0) })} />
          {port.channel !== null && <Fact title={t("poe.camera")} value={`D${port.channel}`} />}
          <Fact title={t("poe.class")} value={port.pd_class === null ? t("poe.none") : String(port.pd_class)} />
          <Fact title={t("poe.booked")} value={port.booked_w ? watts(port.booked_w) : t("poe.none")} />
          <Fact title={t("poe.limit")} value={port.limit_w === null ? t("poe.byClass") : watts(port.limit_w)} />
          {port.learned_w !== null && <Fact title={t("poe.learned")} value={watts(port.learned_w)} />}
          <Fact title={t("poe.energy")} value={t("poe.wattHours", { value: decimal(port.energy_wh, port.energy_wh < 100 ? 1 : 0) })} />
          {port.alone_s > 0 && <Fact title={t("poe.ifDead")} value={t("poe.aloneFor", { span: span(port.alone_s) })} />}
          {port.recoveries_today > 0 && <Fact title={t("poe.recoveries")} value={decimal(port.recoveries_today)} />}
          {socket && <Fact title={t("poe.link")} value={socket.link ? t(socket.full_duplex ? "poe.fullDuplex" : "poe.halfDuplex", { rate: rate((socket.speed_mbps ?? 0) * 1e6) }) : t("poe.noLink")} />}
          {socket?.link && <Fact title={t("poe.traffic")} value={t("poe.trafficOf", { rx: size(socket.rx), tx: size(socket.tx) })} />}
          {socket && socket.behind.length > 0 && <Fact title={t("poe.behind")} value={socket.behind.slice(0, 4).join(", ")} />}
        </dl>
        <div className={styles.controls}>
          <Switch label={t("poe.gives")} checked={port.enabled} disabled={!editable || busy} onChange={(event) => void toggle(event.currentTarget.checked)} />
          <div>
            <div className="small dim">{t("poe.priority")}</div>
            <SegmentedControl
              aria-label={t("poe.priority")} value={port.priority} disabled={!editable || busy} onChange={(value) => void wanted({ priority: value as Priority })}
              data={PRIORITIES.map((value) => ({ value, label: t(`poe.priority.${value}`) }))}
            />
          </div>
          <Button variant="default" leftSection={<IconPlugConnectedX size={18} aria-hidden />} disabled={!editable || busy || !port.enabled || port.state === "unreachable"} onClick={() => void cycle()}>
            {t("poe.cycle")}
          </Button>
          {port.channel !== null && (
            <Button variant="default" title={t("poe.aloneHelp")} disabled={!editable || busy} onClick={() => void alone(port.alone_s > 0 ? 0 : ALONE_S)}>
              {t(port.alone_s > 0 ? "poe.aloneEnd" : "poe.alone")}
            </Button>
          )}
          <Link href="/system/poe">{t("poe.settings")}</Link>
        </div>
      </div>
      <History port={port.number} />
    </Section>
  );
}
