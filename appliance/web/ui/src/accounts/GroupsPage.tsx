/** The groups: what the members of each may do at most. */
import { Button, Switch, TextInput } from "@mantine/core";
import { IconUsersPlus } from "@tabler/icons-react";
import { words } from "../api/http";
import { t } from "../i18n";
import { Link } from "../router/Link";
import { navigate } from "../router/router";
import { confirm } from "../ui/confirm";
import { Empty, FaultNote, Section, Waiting } from "../ui/parts";
import table from "../ui/table.module.css";
import { Table, type Column } from "../ui/Table";
import { say } from "../ui/toast";
import { useResource } from "../ui/useResource";
import { addGroup, changeGroup, listGroups, removeGroup, type Group } from "./api";
import styles from "./accounts.module.css";
import { Bar, Faults } from "./FormParts";
import { RightsMatrix } from "./RightsMatrix";
import { amountOf, spelled, type Rights } from "./rights";
import { ofRights, useDraft } from "./useDraft";

export function GroupsPage() {
  const { data, fault, reload } = useResource(listGroups, []);
  if (!data) return fault ? <FaultNote text={fault} retry={reload} /> : <Waiting />;
  return (
    <Section actions={<Button leftSection={<IconUsersPlus size={18} aria-hidden />} onClick={() => void navigate("/accounts/groups/+")}>{t("accounts.newGroup")}</Button>}>
      <Table rows={data} idOf={(group) => group.name} columns={columns()} />
    </Section>
  );
}

const columns = (): Column<Group>[] => [
  { title: t("accounts.name"), name: true, cell: (group) => <Link href={`/accounts/groups/${encodeURIComponent(group.name)}`} className={table.name}>{group.name}</Link> },
  { title: t("accounts.may"), cell: (group) => (group.rights === "*" ? t("accounts.allRights") : t("accounts.someRights", { n: amountOf(group.rights) })) },
  { title: t("accounts.twoFactor"), cell: (group) => (group.factor ? t("accounts.needed") : "") },
  { title: t("accounts.members"), cell: (group) => group.members.join(", ") },
  { title: t("accounts.remarks"), cell: (group) => group.remarks },
];

export function GroupPage({ name }: { name: string }) {
  const { data, fault, reload } = useResource(listGroups, [name]);
  if (!data) return fault ? <FaultNote text={fault} retry={reload} /> : <Waiting />;
  const group = data.find((entry) => entry.name === name);
  if (name !== "+" && !group) return <Empty title={t("accounts.gone")} text="" action={<Link href="/accounts/groups">{t("accounts.backGroups")}</Link>} />;
  return <GroupForm key={group?.revision ?? 0} group={group} reload={reload} />;
}

interface Values {
  name: string;
  remarks: string;
  rights: Rights;
  factor: boolean;
}

function GroupForm({ group, reload }: { group: Group | undefined; reload: () => void }) {
  const fresh = group === undefined;
  const draft = useDraft<Values>(group ?? { name: "", remarks: "", rights: {}, factor: false });
  const { values, set, faults } = draft;
  const admins = group?.rights === "*";
  const readOnly = !fresh && (!group.within || admins);
  const apply = async (): Promise<void> => {
    const name = values.name.trim();
    const done = await draft.send(() => (fresh ? addGroup({ remarks: values.remarks, rights: values.rights, factor: values.factor, name }) : changeGroup(group.name, { ...draft.changes, revision: group.revision })));
    if (!done) return;
    say(fresh ? t("accounts.added", { name }) : t("accounts.saved"));
    if (fresh) void navigate(`/accounts/groups/${encodeURIComponent(name)}`, { replace: true, force: true });
    else reload();
  };
  const remove = async (): Promise<void> => {
    if (!group) return;
    if (group.members.length === 0 && !(await confirm({ title: t("accounts.removeTitle", { name: group.name }), text: t("accounts.removeGroupText"), yes: t("accounts.remove", { name: group.name }), danger: true }))) return;
    try {
      await removeGroup(group.name); // With members in it the box says who they are.
      void navigate("/accounts/groups", { force: true });
    } catch (error) {
      say(words(error), { bad: true });
    }
  };
  return (
    <form className={styles.form} noValidate onSubmit={(event) => {
      event.preventDefault();
      void apply();
    }}>
      <h2 dir="auto">{fresh ? t("accounts.newGroup") : group.name}</h2>
      <Faults draft={draft} reload={reload} />
      {group && !group.within && <FaultNote text={t("accounts.outranksGroup")} />}
      {admins && <p className="dim">{t("accounts.isAdminGroup")}</p>}
      {group && <p className="dim">{group.members.length > 0 ? t("accounts.membersAre", { names: group.members.join(", ") }) : t("accounts.noMembers")}</p>}
      <div className={styles.pair}>
        {fresh && <TextInput label={t("accounts.name")} description={t("accounts.nameHelp")} value={values.name} error={faults["name"]} autoComplete="off" spellCheck={false} onChange={(event) => set({ name: event.currentTarget.value })} />}
        <TextInput label={t("accounts.remarks")} value={values.remarks} error={faults["remarks"]} disabled={!fresh && !group.within} onChange={(event) => set({ remarks: event.currentTarget.value })} />
      </div>
      <Switch label={t("accounts.factorNeeded")} description={t("accounts.factorNeededHelp")} checked={values.factor} disabled={!fresh && !group.within} error={faults["factor"]} onChange={(event) => set({ factor: event.currentTarget.checked })} />
      <RightsMatrix value={spelled(values.rights)} limit="*" limitText={t("rights.beyondOwn")} disabled={readOnly} faults={ofRights(faults)} set={(rights) => set({ rights })} />
      <Bar changed={draft.changed} busy={draft.busy} fresh={fresh ? t("accounts.newGroup") : undefined} onApply={() => void apply()} onDiscard={() => (fresh ? void navigate("/accounts/groups") : draft.discard())}>
        {group && !group.fixed && group.within && <Button variant="subtle" color="red" className="danger" onClick={() => void remove()}>{t("accounts.remove", { name: group.name })}</Button>}
      </Bar>
    </form>
  );
}
