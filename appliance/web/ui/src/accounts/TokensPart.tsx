/** API tokens of the own account: made, shown once, revoked. */
import { Button, Modal, Select, TextInput } from "@mantine/core";
import { useState, type FormEvent } from "react";
import { words, wrongFields } from "../api/http";
import { t } from "../i18n";
import { standing } from "../state/session";
import { useStore } from "../state/store";
import { dateTime, since } from "../time/format";
import { confirm } from "../ui/confirm";
import { FaultNote, Section } from "../ui/parts";
import { Password } from "../ui/Password";
import { Table, type Column } from "../ui/Table";
import { say } from "../ui/toast";
import ui from "../ui/ui.module.css";
import { useNow } from "../ui/useNow";
import { useResource } from "../ui/useResource";
import { addToken, listTokens, revokeToken, type ApiToken } from "./api";
import styles from "./accounts.module.css";
import { nameOf, RightsMatrix } from "./RightsMatrix";
import { spelled, type Granted } from "./rights";
import { ofRights } from "./useDraft";

const NOT_FOR_TOKENS = ["accounts"];

export function TokensPart() {
  const { data, fault, reload } = useResource(listTokens, []);
  const now = useNow(60_000);
  const [making, setMaking] = useState(false);
  const [made, setMade] = useState<string | null>(null);
  const revoke = async (token: ApiToken): Promise<void> => {
    if (!(await confirm({ title: t("tokens.revokeTitle", { name: token.name }), text: t("tokens.revokeText"), yes: t("tokens.revoke"), danger: true }))) return;
    try {
      await revokeToken(token.id);
      say(t("tokens.revoked", { name: token.name }));
      reload();
    } catch (error) {
      say(words(error), { bad: true });
    }
  };
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(made ?? "");
    say(t("tokens.copied"));
  };
  return (
    <Section title={t("tokens.title")}>
      <div className={styles.part}>
        <p className="dim">{t("tokens.text")}</p>
        {fault && <FaultNote text={fault} retry={reload} />}
        {made && (
          <div className={styles.once}>
            <p>{t("tokens.made")}</p>
            <code>{made}</code>
            <div className={ui.actions}>
              {"clipboard" in navigator && <Button variant="default" onClick={() => void copy()}>{t("tokens.copy")}</Button>}
              <Button onClick={() => setMade(null)}>{t("tokens.kept")}</Button>
            </div>
          </div>
        )}
        <Button variant="default" onClick={() => setMaking(true)}>{t("tokens.add")}</Button>
      </div>
      {data && data.length > 0 && (
        <Table rows={data} idOf={(token) => token.id} columns={columns(now, (token) => void revoke(token))} middle />
      )}
      {making && <NewToken close={() => setMaking(false)} done={(token) => {
        setMade(token);
        setMaking(false);
        reload();
      }} />}
    </Section>
  );
}

const columns = (now: number, revoke: (token: ApiToken) => void): Column<ApiToken>[] => [
  { title: t("tokens.name"), name: true, cell: (token) => token.name },
  { title: t("tokens.rights"), cell: (token) => Object.keys(spelled(token.rights)).map(nameOf).join(", ") },
  { title: t("tokens.used"), cell: (token) => (token.used_utc_s ? since(token.used_utc_s * 1000, now) : t("tokens.unused")) },
  { title: t("tokens.ends"), cell: (token) => (token.expires_utc_s ? dateTime(token.expires_utc_s * 1000) : t("tokens.daysNever")) },
  { title: "", end: true, cell: (token) => <Button variant="default" aria-label={t("tokens.revokeOf", { name: token.name })} onClick={() => revoke(token)}>{t("tokens.revoke")}</Button> },
];

function NewToken({ close, done }: { close: () => void; done: (token: string) => void }) {
  const { rights: own } = useStore(standing);
  const [name, setName] = useState("");
  const [days, setDays] = useState("365");
  const [rights, setRights] = useState<Granted>({});
  const [password, setPassword] = useState("");
  const [faults, setFaults] = useState<Record<string, string>>({});
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    try {
      done((await addToken({ name, rights, days: days === "0" ? null : Number(days), password })).token);
    } catch (error) {
      setFaults(wrongFields(error));
      setBusy(false);
    }
  };
  const choices = [{ value: "30", label: t("tokens.days30") }, { value: "365", label: t("tokens.days365") }, { value: "0", label: t("tokens.daysNever") }];
  return (
    <Modal opened onClose={close} size="xl" title={t("tokens.add")} closeButtonProps={{ "aria-label": t("action.close") }}>
      <form className={styles.form} noValidate onSubmit={(event) => void submit(event)}>
        {(faults[""] || faults["rights"]) && <FaultNote text={faults[""] ?? faults["rights"] ?? ""} />}
        <div className={styles.pair}>
          <TextInput label={t("tokens.name")} value={name} onChange={(event) => setName(event.currentTarget.value)} error={faults["name"]} data-autofocus />
          <Select label={t("tokens.days")} data={choices} value={days} allowDeselect={false} onChange={(value) => value && setDays(value)} error={faults["days"]} />
        </div>
        <RightsMatrix value={rights} limit={own} limitText={t("rights.beyondOwn")} without={NOT_FOR_TOKENS} faults={ofRights(faults)} set={setRights} />
        <div className={styles.pair}>
          <Password label={t("proof.password")} description={t("tokens.proof")} value={password} onChange={(event) => setPassword(event.currentTarget.value)} error={faults["password"]} autoComplete="current-password" />
        </div>
        <div className={ui.actions}>
          <Button variant="default" onClick={close}>{t("action.cancel")}</Button>
          <Button type="submit" loading={busy}>{t("tokens.add")}</Button>
        </div>
      </form>
    </Modal>
  );
}
