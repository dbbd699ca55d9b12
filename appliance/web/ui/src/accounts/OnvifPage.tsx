/** ONVIF users: accounts with which other systems use the recorder over ONVIF (D2-AC-20). */
import { Button, Select, TextInput } from "@mantine/core";
import { IconUserPlus } from "@tabler/icons-react";
import { useState } from "react";
import { NewPassword } from "../account/NewPassword";
import { meetsRules } from "../account/rules";
import { words } from "../api/http";
import { t } from "../i18n";
import { Link } from "../router/Link";
import { navigate } from "../router/router";
import { standing } from "../state/session";
import { useStore } from "../state/store";
import { since } from "../time/format";
import { confirm } from "../ui/confirm";
import { Empty, FaultNote, Section, Waiting } from "../ui/parts";
import table from "../ui/table.module.css";
import { Table, type Column } from "../ui/Table";
import { say } from "../ui/toast";
import { useNow } from "../ui/useNow";
import { useResource } from "../ui/useResource";
import { addOnvifUser, changeOnvifUser, LEVELS, listOnvifUsers, removeOnvifUser, type OnvifUser } from "./api";
import styles from "./accounts.module.css";
import { Bar, Faults } from "./FormParts";
import { useDraft } from "./useDraft";

const PLACE = "/accounts/onvif";

export function OnvifUsersPage() {
  const { data, fault, reload } = useResource(listOnvifUsers, []);
  const now = useNow(60_000);
  if (!data) return fault ? <FaultNote text={fault} retry={reload} /> : <Waiting />;
  const add = <Button leftSection={<IconUserPlus size={18} aria-hidden />} onClick={() => void navigate(`${PLACE}/+`)}>{t("onvif.add")}</Button>;
  if (data.length === 0) return <Empty title={t("onvif.none")} text={t("onvif.text")} action={add} />;
  return (
    <Section actions={add}>
      <p className={styles.about}>{t("onvif.text")}</p>
      <Table rows={data} idOf={(user) => user.name} columns={columns(now)} />
    </Section>
  );
}

const columns = (now: number): Column<OnvifUser>[] => [
  { title: t("accounts.name"), name: true, cell: (user) => <Link href={`${PLACE}/${encodeURIComponent(user.name)}`} className={table.name}>{user.name}</Link> },
  { title: t("onvif.level"), cell: (user) => t(`onvif.level.${user.level}`) },
  { title: t("own.password"), cell: (user) => t("own.passwordSet", { when: since(user.changed_utc_s * 1000, now) }) },
  { title: t("accounts.remarks"), cell: (user) => user.remarks },
];

export function OnvifUserPage({ name }: { name: string }) {
  const { data, fault, reload } = useResource(listOnvifUsers, [name]);
  if (!data) return fault ? <FaultNote text={fault} retry={reload} /> : <Waiting />;
  const user = data.find((entry) => entry.name === name);
  if (name !== "+" && !user) return <Empty title={t("accounts.gone")} text="" action={<Link href={PLACE}>{t("onvif.back")}</Link>} />;
  return <OnvifForm key={user?.revision ?? 0} user={user} reload={reload} />;
}

interface Values {
  name: string;
  level: OnvifUser["level"];
  remarks: string;
}

function OnvifForm({ user, reload }: { user: OnvifUser | undefined; reload: () => void }) {
  const fresh = user === undefined;
  const { leastKinds } = useStore(standing);
  const draft = useDraft<Values>(user ?? { name: "", level: "user", remarks: "" });
  const [renewing, setRenewing] = useState(fresh);
  const [password, setPassword] = useState("");
  const [repeat, setRepeat] = useState("");
  const { values, set, faults } = draft;
  const readOnly = !fresh && !user.within;
  const withPassword = renewing && (fresh || password !== "");
  const apply = async (): Promise<void> => {
    const refuse: Record<string, string> = {};
    if (withPassword && !meetsRules(password, leastKinds)) refuse["password"] = t("rule.unmet");
    if (withPassword && password !== repeat) refuse["repeat"] = t("setup.mismatch");
    const name = values.name.trim();
    const secret = withPassword ? { password } : {};
    const send = () => (fresh ? addOnvifUser({ ...values, name, ...secret }) : changeOnvifUser(user.name, { ...draft.changes, ...secret, revision: user.revision }));
    if (!(await draft.send(send, refuse))) return;
    say(fresh ? t("accounts.added", { name }) : t("accounts.saved"));
    if (fresh) void navigate(`${PLACE}/${encodeURIComponent(name)}`, { replace: true, force: true });
    else reload();
  };
  const remove = async (): Promise<void> => {
    if (!user || !(await confirm({ title: t("accounts.removeTitle", { name: user.name }), text: t("onvif.removeText"), yes: t("accounts.remove", { name: user.name }), danger: true }))) return;
    try {
      await removeOnvifUser(user.name);
      void navigate(PLACE, { force: true });
    } catch (error) {
      say(words(error), { bad: true });
    }
  };
  const changed = draft.changed || password !== "";
  return (
    <form className={styles.form} noValidate onSubmit={(event) => {
      event.preventDefault();
      void apply();
    }}>
      <h2 dir="auto">{fresh ? t("onvif.add") : user.name}</h2>
      <Faults draft={draft} reload={reload} />
      {readOnly && <FaultNote text={t("onvif.outranks")} />}
      <div className={styles.pair}>
        {fresh && <TextInput label={t("accounts.name")} description={t("accounts.nameHelp")} value={values.name} error={faults["name"]} autoComplete="off" spellCheck={false} onChange={(event) => set({ name: event.currentTarget.value })} />}
        <Select
          label={t("onvif.level")} description={t(`onvif.level.${values.level}.help`)} value={values.level} allowDeselect={false} error={faults["level"]} disabled={readOnly}
          data={LEVELS.map((value) => ({ value, label: t(`onvif.level.${value}`) }))} onChange={(value) => value && set({ level: value as Values["level"] })}
        />
        <TextInput label={t("accounts.remarks")} value={values.remarks} error={faults["remarks"]} disabled={readOnly} onChange={(event) => set({ remarks: event.currentTarget.value })} />
      </div>
      {renewing && (
        <div className={styles.narrow}>
          <p className="dim">{t("onvif.passwordText")}</p>
          <NewPassword label={t(fresh ? "own.password" : "password.new")} password={password} repeat={repeat} setPassword={setPassword} setRepeat={setRepeat} faults={faults} />
        </div>
      )}
      <Bar changed={changed} busy={draft.busy} fresh={fresh ? t("onvif.add") : undefined} onApply={() => void apply()} onDiscard={() => {
        if (fresh) return void navigate(PLACE);
        draft.discard();
        setRenewing(false);
        setPassword("");
        setRepeat("");
      }}>
        {user && user.within && !renewing && <Button variant="default" onClick={() => setRenewing(true)}>{t("accounts.givePassword")}</Button>}
        {user && user.within && <Button variant="subtle" color="red" className="danger" onClick={() => void remove()}>{t("accounts.remove", { name: user.name })}</Button>}
      </Bar>
    </form>
  );
}
