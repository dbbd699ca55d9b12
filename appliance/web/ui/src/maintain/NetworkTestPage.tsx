/** Tests of the network from the box (D2-MT-23): ping with its delays drawn, names, the way, ports; and captures. */
import { Button, NumberInput, Progress, Select, TextInput } from "@mantine/core";
import { useEffect, useState } from "react";
import { words, wrongFields } from "../api/http";
import { t } from "../i18n";
import { decimal, percent } from "../i18n/format";
import { dropJob, startJob, type Job } from "../jobs/api";
import { shareOf } from "../jobs/words";
import { Link } from "../router/Link";
import { may, session } from "../state/session";
import { useStore } from "../state/store";
import { Chart } from "../status/Chart";
import { FaultNote, Mark, Page, Section } from "../ui/parts";
import { Table, type Column } from "../ui/Table";
import { job as getJob } from "./api";
import { CapturePart } from "./CapturePart";
import styles from "./maintain.module.css";

const TESTS = ["ping", "dns", "route", "port"] as const;
const POLL_MS = 500;
const ms = (value: number): string => t("unit.ms", { value: decimal(value, value < 10 ? 1 : 0) });

interface Hop {
  number: number;
  address: string;
  delay_ms: number | null;
  arrived: boolean;
}

interface Server {
  server: string;
  delay_ms: number | null;
  text: string;
}

const hopColumns = (): Column<Hop>[] => [
  { title: t("nettest.hop"), end: true, cell: (hop) => hop.number },
  { title: t("nettest.address"), name: true, cell: (hop) => hop.address || <span className="dim">{t("nettest.noAnswer")}</span> },
  { title: t("nettest.delay"), end: true, nowrap: true, cell: (hop) => (hop.delay_ms === null ? "" : ms(hop.delay_ms)) },
];

const serverColumns = (): Column<Server>[] => [
  { title: t("nettest.server"), name: true, cell: (server) => server.server },
  { title: t("nettest.verdict"), cell: (server) => server.text },
  { title: t("nettest.delay"), end: true, nowrap: true, cell: (server) => (server.delay_ms === null ? "" : ms(server.delay_ms)) },
];

function PingFacts({ result }: { result: Record<string, unknown> }) {
  const number = (name: string): string => (typeof result[name] === "number" ? ms(result[name]) : "–");
  const facts = [["nettest.least", number("least_ms")], ["nettest.mean", number("mean_ms")], ["nettest.most", number("most_ms")], ["nettest.loss", percent(Number(result["loss_percent"]) / 100, 1)], ["nettest.from", String(result["from"])]] as const;
  return (
    <dl className={styles.facts}>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{t(name)}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

export function Result({ job }: { job: Job }) {
  const { result } = job;
  const series = (result["series"] ?? []) as [number, number | null][];
  const hops = (result["hops"] ?? []) as Hop[];
  const servers = (result["servers"] ?? []) as Server[];
  const start = (job.started ?? job.created) / 1000;
  return (
    <div className={styles.result} role="status">
      <Mark level={job.state === "done" && job.problems === 0 ? "good" : job.state === "done" ? "attention" : "bad"}>
        <span style={{ whiteSpace: "normal" }}>{job.text || t(`jobs.state.${job.state}`)}</span>
      </Mark>
      {result["test"] === "ping" && <PingFacts result={result} />}
      {series.length > 1 && <Chart title={t("nettest.delays")} label={t("nettest.delaysOf", { target: String(result["address"]) })} times={series.map(([at]) => start + at)} values={series.map(([, delay]) => delay)} format={ms} />}
      {hops.length > 0 && <Table rows={hops} idOf={(hop) => String(hop.number)} columns={hopColumns()} />}
      {servers.length > 0 && <Table rows={servers} idOf={(server) => server.server} columns={serverColumns()} />}
    </div>
  );
}

function Test() {
  const [test, setTest] = useState<(typeof TESTS)[number]>("ping");
  const [target, setTarget] = useState("");
  const [count, setCount] = useState<number | string>(10);
  const [port, setPort] = useState<number | string>(554);
  const [job, setJob] = useState<Job | null>(null);
  const [wrong, setWrong] = useState<Record<string, string>>({});
  const [fault, setFault] = useState<string | null>(null);
  const running = job !== null && job.ended === null;
  const id = job?.id;
  useEffect(() => {
    if (!running || id === undefined) return;
    let ended = false;
    const timer = setInterval(() => {
      getJob(id).then((found) => !ended && setJob(found)).catch((error: unknown) => {
        if (!ended) setFault(words(error));
      });
    }, POLL_MS);
    return () => {
      ended = true;
      clearInterval(timer);
    };
  }, [running, id]);
  const start = async (): Promise<void> => {
    setWrong({});
    setFault(null);
    try {
      setJob(await startJob({ kind: "network_test", test, target: target.trim(), count: Number(count), port: Number(port) }));
    } catch (error) {
      setWrong(wrongFields(error));
    }
  };
  const others = Object.entries(wrong).filter(([path]) => !["target", "count", "port"].includes(path));
  return (
    <Section title={t("nettest.test")}>
      <form className={styles.form} onSubmit={(event) => {
        event.preventDefault();
        void start();
      }}>
        <Select label={t("nettest.what")} value={test} data={TESTS.map((value) => ({ value, label: t(`nettest.what.${value}`) }))} onChange={(value) => value && setTest(value as (typeof TESTS)[number])} allowDeselect={false} />
        <TextInput label={t("nettest.target")} placeholder="192.168.1.20" value={target} maxLength={253} error={wrong["target"]} onChange={(event) => setTarget(event.currentTarget.value)} />
        {test === "ping" && <NumberInput label={t("nettest.count")} value={count} min={1} max={50} error={wrong["count"]} onChange={setCount} />}
        {test === "port" && <NumberInput label={t("nettest.port")} value={port} min={1} max={65535} error={wrong["port"]} onChange={setPort} />}
        {running
          ? <Button variant="default" type="button" onClick={() => id !== undefined && void dropJob(id)}>{t("nettest.cancel")}</Button>
          : <Button type="submit" disabled={!target.trim()}>{t("nettest.start")}</Button>}
      </form>
      {others.map(([path, text]) => <FaultNote key={path} text={text} />)}
      {fault && <FaultNote text={fault} />}
      {running && <Progress className={styles.result} value={(shareOf(job.progress) ?? 0) * 100} aria-label={t("nettest.progress")} />}
      {job && !running && <Result job={job} />}
    </Section>
  );
}

export function NetworkTestPage() {
  const who = useStore(session);
  return (
    <Page title={t("nettest.title")} actions={<Link href="/maintain">{t("status.title")}</Link>}>
      {may(who, "network") && <Test />}
      {may(who, "capture") && <CapturePart />}
    </Page>
  );
}
