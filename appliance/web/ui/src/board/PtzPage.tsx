/** PTZ cameras on RS-485: steering, presets, tours, patterns, and how the serial ports are (D1-PT-10..21). */
import { Button, NumberInput, Select, TextInput } from "@mantine/core";
import { IconDeviceCctv } from "@tabler/icons-react";
import { useState } from "react";
import { words } from "../api/http";
import { t } from "../i18n";
import { Link } from "../router/Link";
import { may, session } from "../state/session";
import { useStore } from "../state/store";
import { Empty, FaultNote, Mark, Page, Section, Waiting } from "../ui/parts";
import { say } from "../ui/toast";
import { useResource } from "../ui/useResource";
import { actOn, askCamera, getPtz, getSerial, runProgram, stopCamera, storeTour, type Ptz, type Serial } from "./ioApi";
import styles from "./io.module.css";
import { Pad } from "./Pad";

const EVERY_MS = 3000;
const SCAN_LEFT = 31;
const SCAN_RIGHT = 32;
const PAN_SPEED = 30;
type Act = (work: () => Promise<unknown>, done?: string) => void;

function Presets({ ptz, act }: { ptz: Ptz; act: Act }) {
  const [number, setNumber] = useState(1);
  const [name, setName] = useState("");
  return (
    <Section title={t("ptz.presets")}>
      {ptz.presets.length === 0 && <p className="dim">{t("ptz.noPresets")}</p>}
      <div className={styles.acts}>
        {ptz.presets.map((preset) => (
          <Button key={preset.number} variant="default" onClick={() => act(() => actOn(ptz.channel, "preset_go", preset.number))}>
            {preset.number} {preset.name}
          </Button>
        ))}
      </div>
      <div className={styles.form}>
        <NumberInput label={t("ptz.number")} w={100} min={1} max={ptz.last_preset} value={number} onChange={(value) => setNumber(Number(value) || 1)} />
        <TextInput label={t("ptz.name")} maxLength={63} value={name} onChange={(event) => setName(event.currentTarget.value)} />
        <Button variant="default" onClick={() => act(() => actOn(ptz.channel, "preset_go", number))}>{t("ptz.goTo", { n: number })}</Button>
        <Button variant="default" onClick={() => act(() => actOn(ptz.channel, "preset_set", number, name), t("ptz.stored", { n: number }))}>{t("ptz.set", { n: number })}</Button>
        <Button variant="default" onClick={() => act(() => actOn(ptz.channel, "preset_clear", number))}>{t("ptz.clear", { n: number })}</Button>
      </div>
    </Section>
  );
}

function Tours({ ptz, act }: { ptz: Ptz; act: Act }) {
  const [number, setNumber] = useState(1);
  const [steps, setSteps] = useState("");
  const [dwell, setDwell] = useState(10);
  const numbers = steps.split(",").map((part) => Number(part.trim()));
  const good = numbers.length >= 2 && numbers.length <= 32 && numbers.every((preset) => Number.isInteger(preset) && preset >= 1 && preset <= ptz.last_preset);
  const save = (): void => act(() => storeTour(ptz.channel, number, "", numbers.map((preset): [number, number] => [preset, dwell])), t("ptz.tourSaved", { n: number }));
  return (
    <Section title={t("ptz.tours")}>
      <div className={styles.acts}>
        {ptz.tours.map((tour) => (
          <Button key={tour.number} variant="default" onClick={() => act(() => runProgram(ptz.channel, "tour", tour.number))}>{t("ptz.runTour", { n: tour.number })}</Button>
        ))}
      </div>
      <div className={styles.form}>
        <NumberInput label={t("ptz.number")} w={100} min={1} max={8} value={number} onChange={(value) => setNumber(Number(value) || 1)} />
        <TextInput label={t("ptz.tourSteps")} placeholder={t("ptz.tourHelp")} error={steps !== "" && !good ? t("ptz.tourWrong") : null} value={steps} onChange={(event) => setSteps(event.currentTarget.value)} />
        <NumberInput label={t("ptz.dwell")} w={140} min={1} max={3600} value={dwell} onChange={(value) => setDwell(Number(value) || 1)} />
        <Button variant="default" disabled={!good} onClick={save}>{t("ptz.saveTour", { n: number })}</Button>
      </div>
    </Section>
  );
}

function ByItself({ ptz, act }: { ptz: Ptz; act: Act }) {
  const [number, setNumber] = useState(1);
  const has = (kind: string): boolean => ptz.actions.includes(kind);
  const once = (kind: string, n = 0) => (): void => act(() => actOn(ptz.channel, kind, n));
  return (
    <Section title={t("ptz.byItself")}>
      <p>{t(`ptz.doing.${ptz.program}`, { n: ptz.program_number })}</p>
      <div className={styles.acts}>
        <Button variant="default" onClick={() => act(() => runProgram(ptz.channel, "auto_pan", PAN_SPEED))}>{t("ptz.autoPan")}</Button>
        <Button variant="default" onClick={() => act(() => runProgram(ptz.channel, "scan"))}>{t("ptz.scan")}</Button>
        <Button variant="default" onClick={once("preset_set", SCAN_LEFT)}>{t("ptz.scanLeft")}</Button>
        <Button variant="default" onClick={once("preset_set", SCAN_RIGHT)}>{t("ptz.scanRight")}</Button>
        {has("flip") && <Button variant="default" onClick={once("flip")}>{t("ptz.flip")}</Button>}
      </div>
      {(has("pattern_run") || has("aux_on")) && (
        <div className={styles.form}>
          <NumberInput label={t("ptz.number")} w={100} min={1} max={8} value={number} onChange={(value) => setNumber(Number(value) || 1)} />
          {has("pattern_run") && (
            <>
              <Button variant="default" onClick={once("pattern_begin", number)}>{t("ptz.patternBegin", { n: number })}</Button>
              <Button variant="default" onClick={once("pattern_end", number)}>{t("ptz.patternEnd")}</Button>
              <Button variant="default" onClick={once("pattern_run", number)}>{t("ptz.patternRun", { n: number })}</Button>
            </>
          )}
          {has("aux_on") && (
            <>
              <Button variant="default" onClick={once("aux_on", number)}>{t("ptz.auxOn", { n: number })}</Button>
              <Button variant="default" onClick={once("aux_off", number)}>{t("ptz.auxOff", { n: number })}</Button>
            </>
          )}
        </div>
      )}
    </Section>
  );
}

function Camera({ channel }: { channel: number }) {
  const { data: ptz, fault, reload } = useResource((signal) => getPtz(channel, signal), [channel], EVERY_MS);
  const manages = may(useStore(session), "cameras");
  const act: Act = (work, done) => {
    work().then(
      () => {
        if (done) say(done);
        reload();
      },
      (error: unknown) => say(words(error), { bad: true }),
    );
  };
  const ask = (): void => act(async () => say(t((await askCamera(channel)).answered ? "ptz.answers" : "ptz.silent")));
  if (!ptz) return fault ? <FaultNote text={fault} retry={reload} /> : <Waiting />;
  return (
    <>
      {ptz.fault && <FaultNote text={ptz.fault} />}
      <div className={styles.head}>
        <strong>{t("ptz.channel", { n: channel })}</strong>
        <span className="dim">{t("ptz.line", { protocol: ptz.protocol, address: String(ptz.address), baud: String(ptz.baud) })}</span>
        {manages && <Button variant="default" onClick={ask}>{t("ptz.ask")}</Button>}
        <Button onClick={() => act(() => stopCamera(channel))}>{t("ptz.stop")}</Button>
      </div>
      <Section>
        <Pad channel={channel} />
      </Section>
      <Presets ptz={ptz} act={act} />
      <Tours ptz={ptz} act={act} />
      <ByItself ptz={ptz} act={act} />
    </>
  );
}

function Ports({ serial }: { serial: Serial }) {
  return (
    <Section title={t("ptz.ports")}>
      <div className={styles.cards}>
        {serial.ports.map((port) => (
          <article key={port.name} className={styles.card} aria-label={port.name}>
            <header>
              <h3>{port.name}</h3>
              <Mark level={port.fault ? "bad" : port.open ? "good" : "off"}>{t(port.fault ? "ptz.portDown" : port.open ? "ptz.portOpen" : "ptz.portOff")}</Mark>
            </header>
            <ul className={styles.facts}>
              {port.fault && <li className={styles.bad}>{port.fault}</li>}
              {port.connected && <li>{t("ptz.connected")}</li>}
              {port.kind === "rs485" && serial.box !== "off" && <li>{t(serial.box === "answers" ? "ptz.box.answers" : "ptz.box.silent")}</li>}
            </ul>
          </article>
        ))}
      </div>
    </Section>
  );
}

export function PtzPage() {
  const { data: serial, fault, reload } = useResource((signal) => getSerial(signal), [], EVERY_MS);
  const [wanted, setWanted] = useState<number | null>(null);
  if (!serial) return <Page title={t("ptz.title")}>{fault ? <FaultNote text={fault} retry={reload} /> : <Waiting />}</Page>;
  const channel = wanted !== null && serial.channels.includes(wanted) ? wanted : serial.channels[0];
  const settings = <Link href="/system/ptz">{t("ptz.settings")}</Link>;
  return (
    <Page title={t("ptz.title")} wide actions={settings}>
      {fault && <FaultNote text={fault} retry={reload} />}
      {channel === undefined ? (
        <Empty icon={<IconDeviceCctv size={40} stroke={1.2} aria-hidden />} title={t("ptz.none.title")} text={t("ptz.none.text")} action={settings} />
      ) : (
        <>
          {serial.channels.length > 1 && (
            <Select label={t("ptz.choose")} w={200} allowDeselect={false} data={serial.channels.map((n) => ({ value: String(n), label: t("ptz.channel", { n }) }))} value={String(channel)} onChange={(value) => setWanted(Number(value))} />
          )}
          <Camera key={channel} channel={channel} />
        </>
      )}
      {serial.ports.length > 0 && <Ports serial={serial} />}
    </Page>
  );
}
