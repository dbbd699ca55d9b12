/** System: the tree of settings pages, the search over all of them, one form. */
import { TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import { t } from "../i18n";
import { Link } from "../router/Link";
import { navigate, place, useQuery } from "../router/router";
import { may, session } from "../state/session";
import { useStore } from "../state/store";
import { Empty, FaultNote, Waiting } from "../ui/parts";
import { useResource } from "../ui/useResource";
import { pages, type PageForm } from "./api";
import { hasWords, matches } from "./draft";
import { PageEditor } from "./PageEditor";
import styles from "./settings.module.css";
import { WholePage } from "./WholePage";

/** The page that is about all settings at once; it has no form of its own. */
const WHOLE = "whole";

interface Hit {
  key: string;
  href: string;
  title: string;
  where: string;
}

/** Pages with rooms of their own. */
const ROOMS: Readonly<Record<string, string>> = { channels: "/cameras", network: "/network" };
const roomOf = (page: string): string => ROOMS[page] ?? `/system/${page}`;

/** Every field whose texts hold all words of the query. */
export function hits(forms: readonly PageForm[], query: string): Hit[] {
  const out: Hit[] = [];
  for (const form of forms) {
    const page = roomOf(form.page);
    if (hasWords(`${form.title} ${form.help} ${(form.synonyms ?? []).join(" ")}`, query)) out.push({ key: form.page, href: page, title: form.title, where: form.help });
    for (const action of form.actions ?? []) {
      if (hasWords(`${action.title} ${action.help} ${action.synonyms.join(" ")}`, query)) out.push({ key: `${form.page}.!${action.slug}`, href: page, title: action.title, where: form.title });
    }
    for (const section of [...form.sections, ...(form.collection?.sections ?? [])]) {
      for (const field of section.fields) {
        if (field.name === "id" || !matches(field, query)) continue;
        out.push({
          key: `${form.page}.${section.slug}.${field.name}`, href: `${page}?field=${field.name}`, title: field.title || section.title,
          where: section.title ? t("settings.found", { page: form.title, section: section.title }) : form.title,
        });
      }
    }
  }
  return out.slice(0, 30);
}

function Tree({ forms, page }: { forms: PageForm[]; page: string }) {
  const find = useQuery("find");
  const who = useStore(session);
  const input = useRef<HTMLInputElement>(null);
  const [query, setQuery] = useState(find ?? "");
  useEffect(() => {
    if (find !== null) input.current?.focus();
  }, [find]);
  const list = useRef<HTMLDivElement>(null);
  // Where there is little room the pages stand in one line: the one that is open has to be in sight.
  useEffect(() => {
    const [line, here] = [list.current, list.current?.querySelector<HTMLElement>("[aria-current]")];
    if (line && here && line.scrollWidth > line.clientWidth) line.scrollLeft += here.getBoundingClientRect().left - line.getBoundingClientRect().left - line.clientWidth / 3;
  }, [page, forms]);
  const found = query.trim() ? hits(forms, query) : null;
  const shown = forms.filter((form) => form.page !== "channels");
  const menus = [...new Set(shown.map((form) => form.menu))];
  return (
    <nav className={styles.tree} aria-label={t("settings.tree")}>
      <div className={styles.treeInner}>
        <TextInput
          ref={input} type="search" aria-label={t("settings.find")} placeholder={t("settings.find")} leftSection={<IconSearch size={18} aria-hidden />}
          value={query} onChange={(event) => setQuery(event.currentTarget.value)} onKeyDown={(event) => event.key === "Escape" && setQuery("")}
        />
        {found ? (
          <ul data-hits>
            {found.length === 0 && <li className="dim">{t("settings.findNone")}</li>}
            {found.map((hit) => (
              <li key={hit.key}>
                <Link href={hit.href} className={styles.hit} onClick={() => setQuery("")}>
                  <span>{hit.title}</span>
                  <span className="dim small">{hit.where}</span>
                </Link>
              </li>
            ))}
          </ul>
        ) : (
          <div ref={list} className={styles.groups}>
            {menus.map((menu) => (
            <div key={menu}>
              {menus.length > 1 && <div className={styles.treeHead}>{menuName(menu)}</div>}
              <ul>
                {shown.filter((form) => form.menu === menu).map((form) => (
                  <li key={form.page}>
                    <Link href={roomOf(form.page)} className={styles.treeItem} aria-current={form.page === page ? "page" : undefined}>
                      {form.title}
                    </Link>
                  </li>
                ))}
              </ul>
            </div>
            ))}
            <ul>
              <li>
                <Link href="/accounts" className={styles.treeItem}>{t("accounts.title")}</Link>
              </li>
            </ul>
            {may(who, "maintain") && (
              <ul>
                <li>
                  <Link href={`/system/${WHOLE}`} className={styles.treeItem} aria-current={page === WHOLE ? "page" : undefined}>{t("settings.whole")}</Link>
                </li>
              </ul>
            )}
          </div>
        )}
      </div>
    </nav>
  );
}

/** Menus of the settings model are in capitals; the page writes them as words. */
const menuName = (menu: string): string => menu.charAt(0) + menu.slice(1).toLowerCase();

export function SettingsPage({ page }: { page: string }) {
  const { data: forms, fault, reload } = useResource(() => pages(), []);
  const room = ROOMS[page];
  useEffect(() => {
    if (room) void navigate(`${room}${location.search}`, { replace: true });
  }, [room]);
  const first = forms?.find((form) => form.page !== "channels")?.page;
  useEffect(() => {
    document.title = t("settings.title");
    if (!page && first) void navigate(`/system/${first}${place.get().query.has("find") ? "?find=" : ""}`, { replace: true });
  }, [page, first]);
  if (fault && !forms) return <Empty alone title={t("settings.title")} text={fault} action={<FaultNote text={fault} retry={reload} />} />;
  if (!forms) return <Waiting />;
  const form = forms.find((candidate) => candidate.page === page);
  return (
    <div className={styles.page}>
      <Tree forms={forms} page={page} />
      <div className={styles.body}>
        {page === WHOLE ? <WholePage /> : form ? <PageEditor key={page} page={page} /> : page ? <Empty alone title={t("notFound.title")} text={t("notFound.text")} /> : null}
      </div>
    </div>
  );
}
