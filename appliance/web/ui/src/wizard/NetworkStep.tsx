/** Under which address the recorder is reached, and whether it reaches others (D1-WZ-08). */
import { Button } from "@mantine/core";
import { useState } from "react";
import { get, post, words } from "../api/http";
import { t } from "../i18n";
import { Link } from "../router/Link";
import { may, session } from "../state/session";
import { useStore } from "../state/store";
import { Mark } from "../ui/parts";
import { useResource } from "../ui/useResource";
import styles from "./wizard.module.css";

interface Interface {
  name: string;
  title?: string;
  link: boolean;
  addresses: string[];
}

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

export function NetworkStep() {
  const allowed = may(useStore(session), "network");
  const { data } = useResource((signal) => get<{ interfaces: Interface[] }>("/network", {}, signal), [], 5000);
  return (
    <>
      <p>{t("wizard.network.here", { address: location.host })}</p>
      <ul className={styles.list}>
        {(data?.interfaces ?? []).map((one) => (
          <li key={one.name}>
            <Mark level={one.link ? "good" : "off"}>{one.title || one.name}</Mark>
            <span className="dim">{one.addresses.join(", ")}</span>
          </li>
        ))}
      </ul>
      {allowed && (
        <>
          <div className={styles.row}>
            <Link href="/system/network">{t("wizard.network.settings")}</Link>
            <Link href="/system/web">{t("wizard.network.web")}</Link>
          </div>
          <ReachTest />
        </>
      )}
    </>
  );
}
