/** One user: group, rights within it, login period, network card, and what can be done to the account. */
import { Button, Select, Switch, TextInput } from "@mantine/core";
import { useState } from "react";
import { t } from "../i18n";
import { navigate } from "../router/router";
import { session, standing } from "../state/session";
import { useStore } from "../state/store";
import { confirm } from "../ui/confirm";
import { FaultNote, Section } from "../ui/parts";
import { say } from "../ui/toast";
import { useNow } from "../ui/useNow";
import { NewPassword } from "../account/NewPassword";
import { meetsRules } from "../account/rules";
import { words } from "../api/http";
import { addUser, blockUser, changeUser, removeUser, type Group, type User } from "./api";
import styles from "./accounts.module.css";
import { BlockDialog, PasswordDialog } from "./UserActs";
import { Bar, Faults } from "./FormParts";
import { Period } from "./Period";
import { RightsMatrix } from "./RightsMatrix";
import { spelled, within, type Granted, type Rights } from "./rights";
import { below, ofRights, useDraft } from "./useDraft";

interface Values {
  name: string;
  group: string;
  rights: Rights;
  remarks: string;
  hint: string;
  mac: string;
  period: User["period"];
}

const EMPTY: Values = { name: "", group: "user", rights: "*", remarks: "", hint: "", mac: "", period: null };

export function UserForm({ user, groups, reload }: { user: User | undefined; groups: Group[]; reload: () => void }) {
  const me = useStore(session);
  const { leastKinds } = useStore(standing);
  const fresh = user === undefined;
  const base: Values = user ? { ...user, rights: user.own_rights ? user.rights : "*" } : EMPTY;
  const draft = useDraft(base);
  const { values, set, faults } = draft;
  const [password, setPassword] = useState("");
  const [repeat, setRepeat] = useState("");
  const [asking, setAsking] = useState<"password" | "block" | null>(null);
  const group = groups.find((entry) => entry.name === values.group);
  const now = useNow(5000);
  const own = user?.name === me.user;
  const readOnly = !fresh && (!user.within || user.fixed || own);
  const limit: Rights = group?.rights ?? {};
  const rights: Granted = values.rights === "*" ? spelled(limit) : values.rights;

  const apply = async (): Promise<void> => {
    const refuse: Record<string, string> = {};
    if (fresh && !meetsRules(password, leastKinds)) refuse["password"] = t("rule.unmet");
    if (fresh && password !== repeat) refuse["repeat"] = t("setup.mismatch");
    const body = { ...draft.changes, ...(values.rights === "*" ? {} : draft.changes.group ? { rights: within(values.rights, limit) } : {}) };
    const done = await draft.send(
      () => (fresh ? addUser({ ...EMPTY, ...body, name: values.name.trim(), password }) : changeUser(user.name, { ...body, revision: user.revision })),
      refuse,
    );
    if (!done) return;
    say(fresh ? t("accounts.added", { name: values.name.trim() }) : t("accounts.saved"));
    if (fresh) void navigate(`/accounts/users/${encodeURIComponent(values.name.trim())}`, { replace: true, force: true });
    else reload();
  };
  const remove = async (): Promise<void> => {
    if (!user || !(await confirm({ title: t("accounts.removeTitle", { name: user.name }), text: t("accounts.removeText"), yes: t("accounts.remove", { name: user.name }), danger: true }))) return;
    try {
      await removeUser(user.name);
      void navigate("/accounts/users", { force: true });
    } catch (error) {
      say(words(error), { bad: true });
    }
  };
  const unblock = async (): Promise<void> => {
    try {
      await blockUser(user!.name, 0);
      say(t("accounts.unblocked", { name: user!.name }));
      reload();
    } catch (error) {
      say(words(error), { bad: true });
    }
  };

  return (
    <form className={styles.form} noValidate onSubmit={(event) => {
      event.preventDefault();
      void apply();
    }}>
      <h2 dir="auto">{fresh ? t("accounts.newUser") : user.name}</h2>
      <Faults draft={draft} reload={reload} />
      {user && !user.within && <FaultNote text={t("accounts.outranks")} />}
      {user?.fixed && <p className="dim">{t("accounts.isAdmin")}</p>}
      {own && !user.fixed && <p className="dim">{t("accounts.ownRights")}</p>}
      {user?.refused && <FaultNote text={user.refused} />}
      <div className={styles.pair}>
        {fresh && <TextInput label={t("accounts.name")} description={t("accounts.nameHelp")} value={values.name} error={faults["name"]} autoComplete="off" spellCheck={false} data-autofocus onChange={(event) => set({ name: event.currentTarget.value })} />}
        <Select label={t("accounts.group")} description={t("accounts.groupHelp")} data={groups.filter((entry) => entry.within || entry.name === values.group).map((entry) => entry.name)} value={values.group} allowDeselect={false} disabled={readOnly} error={faults["group"]} onChange={(name) => name && set({ group: name })} />
        <TextInput label={t("accounts.remarks")} value={values.remarks} error={faults["remarks"]} disabled={!fresh && !user.within} onChange={(event) => set({ remarks: event.currentTarget.value })} />
        <TextInput label={t("accounts.hint")} description={t("accounts.hintHelp")} value={values.hint} error={faults["hint"]} disabled={!fresh && !user.within} onChange={(event) => set({ hint: event.currentTarget.value })} />
      </div>
      {fresh && (
        <div className={styles.narrow}>
          <NewPassword label={t("accounts.firstPassword")} password={password} repeat={repeat} setPassword={setPassword} setRepeat={setRepeat} faults={{ password: faults["password"], repeat: faults["repeat"] }} />
        </div>
      )}
      <Section title={t("accounts.may")}>
        <div className={styles.form}>
          <Switch label={t("accounts.like", { group: values.group })} description={t("accounts.likeHelp")} checked={values.rights === "*"} disabled={readOnly} onChange={(event) => set({ rights: event.currentTarget.checked ? "*" : spelled(limit) })} />
          <RightsMatrix value={rights} limit={limit} limitText={t("rights.beyondGroup", { group: values.group })} disabled={readOnly || values.rights === "*"} faults={ofRights(faults)} set={(next) => set({ rights: next })} />
        </div>
      </Section>
      <Section title={t("accounts.period")}>
        <Period value={values.period} set={(period) => set({ period })} disabled={readOnly} fault={below(faults, "period")} />
      </Section>
      <div className={styles.narrow}>
        <TextInput label={t("accounts.mac")} description={t("accounts.macHelp")} placeholder="00:1A:2B:3C:4D:5E" value={values.mac} disabled={readOnly} error={faults["mac"]} spellCheck={false} autoComplete="off" onChange={(event) => set({ mac: event.currentTarget.value })} />
      </div>
      <Bar changed={draft.changed} busy={draft.busy} fresh={fresh ? t("accounts.newUser") : undefined} onApply={() => void apply()} onDiscard={() => (fresh ? void navigate("/accounts/users") : draft.discard())}>
        {user && user.within && !own && (
          <>
            <Button variant="default" onClick={() => setAsking("password")}>{t("accounts.givePassword")}</Button>
            {!user.fixed && (user.blocked_until_utc_s * 1000 > now
              ? <Button variant="default" onClick={() => void unblock()}>{t("accounts.unblock")}</Button>
              : <Button variant="default" onClick={() => setAsking("block")}>{t("accounts.block")}</Button>)}
            {!user.fixed && <Button variant="subtle" color="red" className="danger" onClick={() => void remove()}>{t("accounts.remove", { name: user.name })}</Button>}
          </>
        )}
      </Bar>
      {user && asking === "password" && <PasswordDialog name={user.name} close={() => setAsking(null)} done={reload} />}
      {user && asking === "block" && <BlockDialog name={user.name} close={() => setAsking(null)} done={reload} />}
    </form>
  );
}
