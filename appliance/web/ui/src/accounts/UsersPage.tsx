/** The users: who there is, what each may do, and whether they can sign in. */
import { Button } from "@mantine/core";
import { IconUserPlus } from "@tabler/icons-react";
import { t } from "../i18n";
import { Link } from "../router/Link";
import { navigate } from "../router/router";
import { Empty, FaultNote, Mark, Section, Waiting } from "../ui/parts";
import table from "../ui/table.module.css";
import { Table, type Column } from "../ui/Table";
import { useResource } from "../ui/useResource";
import { listGroups, listUsers, type User } from "./api";
import styles from "./accounts.module.css";
import { amountOf } from "./rights";
import { UserForm } from "./UserForm";

export function UsersPage() {
  const { data, fault, reload } = useResource(listUsers, [], 30_000);
  if (!data) return fault ? <FaultNote text={fault} retry={reload} /> : <Waiting />;
  return (
    <Section actions={<Button leftSection={<IconUserPlus size={18} aria-hidden />} onClick={() => void navigate("/accounts/users/+")}>{t("accounts.newUser")}</Button>}>
      {fault && <FaultNote text={fault} retry={reload} />}
      <Table rows={data.users} idOf={(user) => user.name} columns={columns()} />
    </Section>
  );
}

const columns = (): Column<User>[] => [
  { title: t("accounts.name"), name: true, cell: (user) => <Link href={`/accounts/users/${encodeURIComponent(user.name)}`} className={table.name}>{user.name}</Link> },
  { title: t("accounts.group"), cell: (user) => user.group },
  { title: t("accounts.may"), cell: rightsWords },
  { title: t("accounts.state"), cell: (user) => <Mark level={user.refused ? "attention" : "good"}><span className={styles.refused}>{user.refused ?? t("accounts.fine")}</span></Mark> },
  { title: t("accounts.twoFactor"), cell: (user) => (user.second_factor ? t("accounts.isOn") : user.factor_needed ? t("accounts.notYet") : "") },
  { title: t("accounts.remarks"), cell: (user) => user.remarks },
];

function rightsWords(user: User): string {
  if (user.rights === "*") return t("accounts.allRights");
  return user.own_rights ? t("accounts.someRights", { n: amountOf(user.rights) }) : t("accounts.groupRights");
}

export function UserPage({ name }: { name: string }) {
  const { data, fault, reload } = useResource(async () => ({ ...(await listUsers()), groups: await listGroups() }), [name]);
  if (!data) return fault ? <FaultNote text={fault} retry={reload} /> : <Waiting />;
  const user = data.users.find((entry) => entry.name === name);
  if (name !== "+" && !user) return <Empty title={t("accounts.gone")} text="" action={<Link href="/accounts/users">{t("accounts.back")}</Link>} />;
  return <UserForm key={user?.revision ?? 0} user={user} groups={data.groups} reload={reload} />;
}
