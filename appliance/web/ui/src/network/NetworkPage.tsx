/** Network: the interfaces of the recorder, their settings on trial, bonding, routes, the way out. */
import { Button } from "@mantine/core";
import { IconNetwork } from "@tabler/icons-react";
import { useCallback, useMemo, useState } from "react";
import { words } from "../api/http";
import { t } from "../i18n";
import { Link } from "../router/Link";
import { useQuery } from "../router/router";
import { entriesOf, loadPage, type PageData, type SectionForm } from "../settings/api";
import { fieldsOf } from "../settings/draft";
import { Form } from "../settings/Form";
import { askToLeave, useForm } from "../settings/useForm";
import { box } from "../state/box";
import { may, session } from "../state/session";
import { useSelect, useStore } from "../state/store";
import { Empty, FaultNote, Page, Section, Waiting } from "../ui/parts";
import { say } from "../ui/toast";
import { useResource } from "../ui/useResource";
import { getNetwork, keepTrial, revertTrial, type Network, type Trial } from "./api";
import { InterfaceCard } from "./InterfaceCard";
import { InterfaceForm, send } from "./InterfaceForm";
import styles from "./network.module.css";
import { standing } from "./trial";
import { TrialDialog, useLeft } from "./TrialDialog";

const EVERY_MS = 2000;
const BOND = "bond0";

/** A trial that another page began: whoever reads this has reached the recorder. */
function TrialNote({ trial, reload }: { trial: Trial; reload: () => void }) {
  const [until] = useState(() => Date.now() + trial.left_s * 1000);
  const left = useLeft(until);
  const act = async (work: Promise<unknown>): Promise<void> => {
    try {
      await work;
    } catch (error) {
      say(words(error), { bad: true });
    }
    reload();
  };
  return (
    <FaultNote text={t("network.trial.note", { actor: trial.actor, n: left })}>
      <Button size="sm" variant="default" onClick={() => void act(revertTrial())}>{t("network.trial.back")}</Button>
      <Button size="sm" disabled={!trial.applied} onClick={() => void act(keepTrial())}>{t("network.trial.keep")}</Button>
    </FaultNote>
  );
}

/** The interfaces there are, to choose the default one of. */
function withChoices(sections: readonly SectionForm[], names: readonly string[]): SectionForm[] {
  const choices = [{ value: "", title: t("network.anyOut") }, ...names.map((name) => ({ value: name, title: name }))];
  return sections.map((section) => ({
    ...section, fields: section.fields.map((field) => (field.name === "default_interface" ? { ...field, widget: "select", choices } : field)),
  }));
}

function OwnForm({ data, names, reload }: { data: PageData; names: readonly string[]; reload: () => void }) {
  const key = names.join(" ");
  const sections = useMemo(() => withChoices(data.ui.sections, key.split(" ").filter(Boolean)), [data, key]);
  const fields = useMemo(() => fieldsOf(data.ui.sections), [data]);
  const form = useForm({ base: data.values, fields, reload, send: (changes) => send(null, changes, data.etag, reload) });
  return <Form sections={sections} base={data.values} form={form} lit={useQuery("field")} capabilities={data.capabilities ?? []} />;
}

/** A bond that is not there yet can be given its address first. */
function shown(network: Network, data: PageData | null): Network["interfaces"] {
  const wanted = data?.values["mode"] !== "single" && data !== null;
  const known = network.interfaces.filter((one) => one.kind !== "bond" || wanted);
  if (!wanted || known.some((one) => one.name === BOND)) return known.toSorted((one, other) => Number(other.kind === "bond") - Number(one.kind === "bond"));
  const none = { mac: "", link: false, speed_mbps: null, mtu: 1500, medium: "unknown", condition: "off", addresses: [], gateway: "", gateway6: "", dns: [], bond: "", ssid: "", signal_percent: null, default: false, conflict: "", rx_bps: null, tx_bps: null } as const;
  return [{ ...none, name: BOND, kind: "bond", addresses: [], dns: [] }, ...known];
}

function Settings({ network, data, reload, chosen }: { network: Network; data: PageData; reload: () => void; chosen: string | null }) {
  const entry = entriesOf(data).find((candidate) => candidate["id"] === chosen);
  const one = shown(network, data).find((candidate) => candidate.name === chosen);
  return (
    <>
      {entry && one && <InterfaceForm key={one.name} one={one} entry={entry} data={data} reload={reload} />}
      <Section title={t("network.together")}>
        <div className={styles.form}><OwnForm data={data} names={shown(network, data).filter((candidate) => !candidate.bond).map((candidate) => candidate.name)} reload={reload} /></div>
      </Section>
    </>
  );
}

export function NetworkPage() {
  const { data: network, fault, reload } = useResource((signal) => getNetwork(signal), [], EVERY_MS);
  const editable = may(useStore(session), "network");
  const news = useSelect(box, (state) => state.settingsNews["network"] ?? 0);
  const { data, reload: reloadPage } = useResource((signal) => (editable ? loadPage("network", signal) : Promise.resolve(null)), [editable, news]);
  const [chosen, setChosen] = useState<string | null>(null);
  const own = useStore(standing);
  const renew = useCallback(() => {
    reload();
    reloadPage();
  }, [reload, reloadPage]);
  if (!network) return <Page title={t("network.title")}>{fault ? <FaultNote text={fault} retry={reload} /> : <Waiting />}</Page>;
  const interfaces = shown(network, data);
  const choose = async (name: string): Promise<void> => {
    if (document.querySelector("[data-changed]") && !(await askToLeave())) return;
    setChosen(chosen === name ? null : name);
  };
  return (
    <Page title={t("network.title")} wide actions={editable && <Link href="/system/web">{t("network.web")}</Link>}>
      {network.simulated && <p className={styles.simulated}>{t("network.simulated")}</p>}
      {fault && !own && <FaultNote text={fault} retry={reload} />}
      {network.fault && <FaultNote text={t("network.away", { reason: network.fault })} />}
      {network.offline && <FaultNote text={t("network.offline")} />}
      {network.trial && !own && editable && <TrialNote trial={network.trial} reload={renew} />}
      {interfaces.length === 0 && !network.fault && <Empty icon={<IconNetwork size={40} stroke={1.2} aria-hidden />} title={t("network.none.title")} text={t("network.none.text")} />}
      <div className={styles.cards}>
        {interfaces.map((one) => (
          <InterfaceCard key={one.name} one={one} chosen={chosen === one.name} change={data ? () => void choose(one.name) : null} />
        ))}
      </div>
      {data && <Settings network={network} data={data} reload={renew} chosen={chosen} />}
      <TrialDialog done={renew} />
    </Page>
  );
}
