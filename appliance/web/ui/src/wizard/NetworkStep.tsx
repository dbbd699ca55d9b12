/** Under which address the recorder is reached, and whether it reaches others (D1-WZ-08). */
import { Button } from "@mantine/core";
import { useCallback, useState } from "react";
import { post, words } from "../api/http";
import { t } from "../i18n";
import { getNetwork } from "../network/api";
import { InterfaceCard } from "../network/InterfaceCard";
import { InterfaceForm } from "../network/InterfaceForm";
import look from "../network/network.module.css";
import { TrialDialog } from "../network/TrialDialog";
import { Link } from "../router/Link";
import { entriesOf, loadPage } from "../settings/api";
import { askToLeave } from "../settings/useForm";
import { box } from "../state/box";
import { may, session } from "../state/session";
import { useSelect, useStore } from "../state/store";
import { FaultNote, Mark, Waiting } from "../ui/parts";
import { useResource } from "../ui/useResource";
import styles from "./wizard.module.css";

interface Reached {
  what: "gateway" | "names";
  address: string;
  ok: boolean;
  text: string;
}

/** Where nothing is set, nothing was tried. */
function missing(told: readonly Reached[]): Reached[] {
  const no = (what: Reached["what"], text: string): Reached[] => (told.some((one) => one.what === what) ? [] : [{ what, address: "", ok: false, text }]);
  return [...no("gateway", t("wizard.network.noGateway")), ...no("names", t("wizard.network.noNames"))];
}

function ReachTest() {
  const [told, setTold] = useState<Reached[] | null>(null);
  const [fault, setFault] = useState("");
  const [busy, setBusy] = useState(false);
  const test = async (): Promise<void> => {
    setBusy(true);
    setFault("");
    try {
      const answer = await post<Reached[]>("/wizard/reach");
      setTold([...answer, ...missing(answer)]);
    } catch (error) {
      setFault(words(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <div>
      <div className={styles.row}><Button variant="default" loading={busy} onClick={() => void test()}>{t("wizard.network.test")}</Button></div>
      <ul className={styles.list} aria-live="polite">
        {fault && <li>{fault}</li>}
        {told?.map((one) => <li key={`${one.what} ${one.address}`}><Mark level={one.ok ? "good" : "attention"}><span style={{ whiteSpace: "normal" }}>{one.text}</span></Mark></li>)}
      </ul>
    </div>
  );
}

/** The interfaces with the form of the page Network: a change is on trial until the recorder is reached again. */
function Interfaces() {
  const { data: network, fault, reload } = useResource((signal) => getNetwork(signal), [], 3000);
  const editable = may(useStore(session), "network");
  const news = useSelect(box, (state) => state.settingsNews["network"] ?? 0);
  const { data, reload: reloadPage } = useResource((signal) => (editable ? loadPage("network", signal) : Promise.resolve(null)), [editable, news]);
  const [chosen, setChosen] = useState<string | null>(null);
  const renew = useCallback(() => {
    reload();
    reloadPage();
  }, [reload, reloadPage]);
  if (!network) return fault ? <FaultNote text={fault} retry={reload} /> : <Waiting />;
  const entry = data ? entriesOf(data).find((candidate) => candidate["id"] === chosen) : undefined;
  const one = network.interfaces.find((candidate) => candidate.name === chosen);
  const choose = async (name: string): Promise<void> => {
    if (document.querySelector("[data-changed]") && !(await askToLeave())) return;
    setChosen(chosen === name ? null : name);
  };
  return (
    <>
      {network.fault && <FaultNote text={t("network.away", { reason: network.fault })} />}
      <div className={look.cards}>
        {network.interfaces.map((each) => <InterfaceCard key={each.name} one={each} chosen={chosen === each.name} change={data ? () => void choose(each.name) : null} />)}
      </div>
      {data && entry && one && <InterfaceForm key={one.name} one={one} entry={entry} data={data} reload={renew} />}
      <TrialDialog done={renew} />
    </>
  );
}

export function NetworkStep() {
  const allowed = may(useStore(session), "network");
  return (
    <>
      <p>{t("wizard.network.here", { address: location.host })}</p>
      {allowed && <ReachTest />}
      <Interfaces />
      {allowed && (
        <div className={styles.row}>
          <Link href="/network">{t("wizard.network.more")}</Link>
          <Link href="/system/web">{t("wizard.network.web")}</Link>
        </div>
      )}
    </>
  );
}
