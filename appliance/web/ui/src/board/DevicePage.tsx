/** Temperatures, fans, the battery-backed clock and why the recorder started (D2-MT-14). */
import { IconTemperature } from "@tabler/icons-react";
import { t, tCode } from "../i18n";
import { decimal, percent } from "../i18n/format";
import { Chart } from "../status/Chart";
import { dateTime } from "../time/format";
import { Empty, FaultNote, Mark, Page, Section, Waiting, type Level } from "../ui/parts";
import { useResource } from "../ui/useResource";
import { getDevice, type Device } from "./ioApi";
import styles from "./io.module.css";

const EVERY_MS = 5000;
const STEP_S = 60;
const LEVELS: Record<string, Level> = { ok: "good", high: "attention", critical: "bad", unknown: "attention" };
const sensorName = (name: string): string => tCode("device.sensor", name, name);
const degrees = (celsius: number): string => t("unit.celsius", { value: decimal(celsius, 0) });

function Temperatures({ device }: { device: Device }) {
  return (
    <Section title={t("device.temperatures")}>
      <div className={styles.cards}>
        {device.sensors.map((sensor) => (
          <article key={sensor.name} className={styles.card} aria-label={sensorName(sensor.name)}>
            <header>
              <h3>{sensorName(sensor.name)}</h3>
              <Mark level={LEVELS[sensor.level] ?? "attention"}>{t(`device.level.${sensor.level}`)}</Mark>
            </header>
            <span className={styles.big}>{sensor.celsius === null ? "–" : degrees(sensor.celsius)}</span>
            <ul className={styles.facts}>
              <li>{t("device.limits", { high: degrees(sensor.high_c), critical: degrees(sensor.critical_c) })}</li>
              {sensor.fault && <li className={styles.bad}>{sensor.fault}</li>}
            </ul>
          </article>
        ))}
      </div>
    </Section>
  );
}

function History({ name, device }: { name: string; device: Device }) {
  const { history, end_s } = device;
  const times = history.map((_celsius, index) => end_s - (history.length - 1 - index) * STEP_S);
  return (
    <Section title={t("device.history")}>
      <div className={styles.history}>
        {history.filter((celsius) => celsius !== null).length > 1 ? (
          <Chart title={name} label={t("device.historyOf", { name })} times={times} values={history} format={degrees} />
        ) : (
          <p className="dim">{t("device.noHistory")}</p>
        )}
      </div>
    </Section>
  );
}

function Fans({ device }: { device: Device }) {
  return (
    <Section title={t("device.fans")}>
      <div className={styles.cards}>
        {device.fans.map((fan) => (
          <article key={fan.name} className={styles.card} aria-label={tCode("device.fan", fan.name, fan.name)}>
            <header>
              <h3>{tCode("device.fan", fan.name, fan.name)}</h3>
              <Mark level={fan.fault ? "bad" : "good"}>{t(fan.fault ? "device.failed" : "device.turns")}</Mark>
            </header>
            <span className={styles.big}>{fan.rpm === null ? t("device.noRpm") : t("device.rpm", { n: fan.rpm })}</span>
            <ul className={styles.facts}>
              <li>{t("device.percent", { percent: percent(fan.percent / 100) })}</li>
              {fan.fault && <li className={styles.bad}>{fan.fault}</li>}
            </ul>
          </article>
        ))}
      </div>
    </Section>
  );
}

function Clock({ clock }: { clock: Device["clock"] }) {
  const battery = clock.battery_low === null ? "device.batteryUnknown" : clock.battery_low ? "device.batteryLow" : "device.batteryGood";
  return (
    <Section title={t("device.clock")}>
      <div className={styles.cards}>
        <article className={styles.card} aria-label={t("device.clockTime")}>
          <header>
            <h3>{t("device.clockTime")}</h3>
            <span className="num">{clock.utc === null ? "–" : dateTime(clock.utc)}</span>
          </header>
          <ul className={styles.facts}>
            {clock.ahead_s !== null && <li>{t("device.ahead", { seconds: decimal(clock.ahead_s, 1) })}</li>}
            <li>{t("device.battery")}: {t(battery)}</li>
            {clock.fault && <li className={styles.bad}>{clock.fault}</li>}
          </ul>
        </article>
      </div>
    </Section>
  );
}

export function DevicePage() {
  const { data: device, fault, reload } = useResource((signal) => getDevice(signal), [], EVERY_MS);
  if (!device) return <Page title={t("device.title")}>{fault ? <FaultNote text={fault} retry={reload} /> : <Waiting />}</Page>;
  if (device.sensors.length === 0 && device.fans.length === 0 && !device.clock.fitted) {
    return (
      <Page title={t("device.title")}>
        <Empty icon={<IconTemperature size={40} stroke={1.2} aria-hidden />} title={t("device.none.title")} text={t("device.none.text")} />
      </Page>
    );
  }
  return (
    <Page title={t("device.title")} wide>
      {fault && <FaultNote text={fault} retry={reload} />}
      {device.sensors.length > 0 && <Temperatures device={device} />}
      {device.sensors[0] && <History name={sensorName(device.sensors[0].name)} device={device} />}
      {device.fans.length > 0 && <Fans device={device} />}
      {device.clock.fitted && <Clock clock={device.clock} />}
      <Section title={t("device.starts")}>
        {device.starts.length === 0 && <p className="dim">{t("device.noStarts")}</p>}
        <ul className={styles.facts}>
          {device.starts.map((start) => (
            <li key={start.at}>{dateTime(start.at)}: {start.text}</li>
          ))}
        </ul>
      </Section>
    </Page>
  );
}
