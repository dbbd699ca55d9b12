/** Packets of an interface written down and saved as pcap, within bounds of time and size. */
import { Button, NumberInput, Select, TextInput } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { words, wrongFields } from "../api/http";
import { t } from "../i18n";
import { decimal, size } from "../i18n/format";
import { FaultNote, Section } from "../ui/parts";
import { useResource } from "../ui/useResource";
import { capture, captureFile, forgetCapture, interfaces, startCapture, stopCapture, type Capture } from "./api";
import styles from "./maintain.module.css";

const POLL_MS = 1000;
const PROTOCOLS = ["any", "tcp", "udp", "icmp", "arp"] as const;
const FIELDS = ["interface", "address", "port", "seconds", "megabytes"];

function State({ state }: { state: Capture }) {
  const facts = t("capture.facts", { n: state.packets, packets: decimal(state.packets), size: size(state.size) });
  return (
    <p role="status">
      {state.ended ? t(`capture.ended.${state.ended}`) : t("capture.running")} {facts}
      {state.missed > 0 && ` ${t("capture.missed", { n: state.missed })}`}
      {state.text && ` ${state.text}`}
    </p>
  );
}

export function CapturePart() {
  const links = useResource(() => interfaces(), []);
  const [link, setLink] = useState<string | null>(null);
  const [address, setAddress] = useState("");
  const [protocol, setProtocol] = useState("any");
  const [port, setPort] = useState<number | string>("");
  const [seconds, setSeconds] = useState<number | string>(60);
  const [megabytes, setMegabytes] = useState<number | string>(20);
  const [name, setName] = useState<string | null>(null);
  const [state, setState] = useState<Capture | null>(null);
  const [wrong, setWrong] = useState<Record<string, string>>({});
  const running = name !== null && !state?.ended;
  const chosen = link ?? links.data?.find((one) => one.up && one.name !== "lo")?.name ?? null;
  useEffect(() => {
    if (!running || name === null) return;
    let over = false;
    const look = (): void => {
      capture(name).then((found) => !over && setState(found)).catch((error: unknown) => {
        if (over) return;
        setWrong({ "": words(error) });
        setName(null);
      });
    };
    const timer = setInterval(look, POLL_MS);
    return () => {
      over = true;
      clearInterval(timer);
    };
  }, [running, name]);
  const act = async (work: () => Promise<void>): Promise<void> => {
    setWrong({});
    try {
      await work();
    } catch (error) {
      setWrong(wrongFields(error));
    }
  };
  const start = (): Promise<void> => act(async () => {
    setState(null);
    const wish = { interface: chosen ?? "", address: address.trim(), protocol, port: Number(port) || 0, seconds: Number(seconds), megabytes: Number(megabytes) };
    setName((await startCapture(wish)).name);
  });
  const forget = (): Promise<void> => act(async () => {
    if (name !== null) await forgetCapture(name);
    setName(null);
    setState(null);
  });
  const others = Object.entries(wrong).filter(([path]) => !FIELDS.includes(path));
  return (
    <Section title={t("capture.title")}>
      <p className="dim">{t("capture.text")}</p>
      {links.fault && <FaultNote text={links.fault} retry={links.reload} />}
      <form className={styles.form} onSubmit={(event) => {
        event.preventDefault();
        void start();
      }}>
        <Select label={t("capture.interface")} value={chosen} error={wrong["interface"]} onChange={setLink} allowDeselect={false}
          data={(links.data ?? []).map((one) => ({ value: one.name, label: one.addresses[0] ? t("capture.interfaceOf", { name: one.name, address: one.addresses[0] }) : one.name }))} />
        <TextInput label={t("capture.address")} placeholder={t("capture.any")} value={address} maxLength={45} error={wrong["address"]} onChange={(event) => setAddress(event.currentTarget.value)} />
        <Select label={t("capture.protocol")} value={protocol} data={PROTOCOLS.map((value) => ({ value, label: t(`capture.protocol.${value}`) }))} onChange={(value) => value && setProtocol(value)} allowDeselect={false} />
        <NumberInput label={t("nettest.port")} placeholder={t("capture.any")} value={port} min={1} max={65535} error={wrong["port"]} onChange={setPort} />
        <NumberInput label={t("capture.seconds")} value={seconds} min={1} max={600} suffix=" s" error={wrong["seconds"]} onChange={setSeconds} />
        <NumberInput label={t("capture.megabytes")} value={megabytes} min={1} max={268} suffix=" MB" error={wrong["megabytes"]} onChange={setMegabytes} />
        {name === null && <Button type="submit" disabled={!chosen}>{t("capture.start")}</Button>}
      </form>
      {others.map(([path, text]) => <FaultNote key={path} text={text} />)}
      {name !== null && (
        <div className={styles.result}>
          {state && <State state={state} />}
          <div className={styles.actions}>
            <Button component="a" href={captureFile(name)} download="capture.pcap" variant="default" leftSection={<IconDownload size={16} aria-hidden />}>{t("capture.save")}</Button>
            {running && <Button variant="default" onClick={() => void act(() => stopCapture(name))}>{t("capture.stop")}</Button>}
            {!running && <Button variant="default" onClick={() => void forget()}>{t("capture.forget")}</Button>}
          </div>
        </div>
      )}
    </Section>
  );
}
