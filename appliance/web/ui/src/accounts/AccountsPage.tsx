/** Accounts: users, groups, ONVIF users, who is signed in, and the own account. */
import { useEffect } from "react";
import { t } from "../i18n";
import { Link } from "../router/Link";
import { navigate } from "../router/router";
import { may, session } from "../state/session";
import { useStore } from "../state/store";
import { Empty, Page } from "../ui/parts";
import styles from "./accounts.module.css";
import { GroupPage, GroupsPage } from "./GroupsPage";
import { OnvifUserPage, OnvifUsersPage } from "./OnvifPage";
import { OwnPage } from "./OwnPage";
import { SessionsPage } from "./SessionsPage";
import { UserPage, UsersPage } from "./UsersPage";

const TABS = [
  { path: "users", text: "accounts.users", managing: true },
  { path: "groups", text: "accounts.groups", managing: true },
  { path: "onvif", text: "onvif.users", managing: true },
  { path: "sessions", text: "accounts.sessions", managing: true },
  { path: "me", text: "accounts.own", managing: false },
] as const;

/** `/accounts/TAB/NAME`; a name of "+" is a new one. */
export function AccountsPage({ tab, name }: { tab: string; name: string }) {
  const manages = may(useStore(session), "accounts");
  const first = manages ? "users" : "me";
  useEffect(() => {
    if (!tab) void navigate(`/accounts/${first}`, { replace: true });
  }, [tab, first]);
  const tabs = TABS.filter((entry) => manages || !entry.managing);
  return (
    <Page title={t("accounts.title")}>
      <nav className={styles.tabs} aria-label={t("accounts.title")}>
        {tabs.map((entry) => (
          <Link key={entry.path} href={`/accounts/${entry.path}`} className={styles.tab} aria-current={entry.path === tab ? "page" : undefined}>
            {t(entry.text)}
          </Link>
        ))}
      </nav>
      {tab && (tabs.some((entry) => entry.path === tab) ? <Room tab={tab} name={name} /> : <Empty title={t("notFound.title")} text={t("accounts.notYours")} />)}
    </Page>
  );
}

function Room({ tab, name }: { tab: string; name: string }) {
  switch (tab) {
    case "users":
      return name ? <UserPage key={name} name={name} /> : <UsersPage />;
    case "groups":
      return name ? <GroupPage key={name} name={name} /> : <GroupsPage />;
    case "onvif":
      return name ? <OnvifUserPage key={name} name={name} /> : <OnvifUsersPage />;
    case "sessions":
      return <SessionsPage />;
    default:
      return <OwnPage />;
  }
}
