/** One camera, new or existing: the generated form with the test beside it. */
import { Button } from "@mantine/core";
import { IconChevronLeft } from "@tabler/icons-react";
import { useMemo } from "react";
import { post, words } from "../api/http";
import { t } from "../i18n";
import { isRefused } from "../live/TileWords";
import { Link } from "../router/Link";
import { navigate, useQuery } from "../router/router";
import { add, change, entriesOf, loadPage, remove, type PageData, type Values } from "../settings/api";
import { defaults, fieldsOf } from "../settings/draft";
import { Form } from "../settings/Form";
import { useForm } from "../settings/useForm";
import { box, boxNow, refreshChannels } from "../state/box";
import { useSelect } from "../state/store";
import { since } from "../time/format";
import { confirm } from "../ui/confirm";
import { Empty, FaultNote, Page, Waiting } from "../ui/parts";
import { say } from "../ui/toast";
import { useResource } from "../ui/useResource";
import styles from "./cameras.module.css";
import { TestPanel } from "./TestPanel";

const Back = () => (
  <Link href="/cameras" className={styles.back}>
    <IconChevronLeft size={18} aria-hidden />
    {t("camera.back")}
  </Link>
);

function New({ data }: { data: PageData }) {
  const collection = data.ui.collection!;
  const fields = useMemo(() => fieldsOf(collection.sections), [collection]);
  const base = useMemo(() => defaults(fields), [fields]);
  const form = useForm({
    base, fields, fresh: true,
    send: async (values) => {
      const { id: _id, ...rest } = values;
      await add("channels", rest);
      await refreshChannels().catch(() => {});
    },
  });
  const done = (): void => {
    say(t("camera.added", { name: String(form.values["name"] || form.values["main_url"]) }));
    void navigate("/cameras", { force: true });
  };
  return (
    <Page title={t("camera.new")} wide>
      <Back />
      <div className={styles.columns}>
        <Form sections={collection.sections} base={base} form={form} fresh applyText={t("camera.save")} onApplied={done} extra={<Button variant="default" onClick={() => void navigate("/cameras")}>{t("action.cancel")}</Button>} />
        <TestPanel values={form.values} />
      </div>
    </Page>
  );
}

function Existing({ data, entry, reload }: { data: PageData; entry: Values; reload: () => void }) {
  const collection = data.ui.collection!;
  const fields = useMemo(() => fieldsOf(collection.sections), [collection]);
  const id = Number(entry["id"]);
  const name = String(entry["name"] || t("channel.short", { id: String(id) }));
  const channel = useSelect(box, (state) => state.channels?.find((candidate) => candidate.id === id));
  const form = useForm({ base: entry, fields, reload, send: (changes) => change("channels", id, changes, data.item_etags[String(id)] ?? data.etag) });
  const refused = channel !== undefined && isRefused(channel);

  const retry = async (): Promise<void> => {
    if (form.changed && !(await form.apply())) return;
    try {
      await post(`/channels/${id}/retry`);
      say(t("camera.retried"));
    } catch (error) {
      say(words(error), { bad: true });
    }
    reload();
  };
  const drop = async (): Promise<void> => {
    if (!(await confirm({ title: t("camera.deleteTitle", { name }), text: t("camera.deleteText"), yes: t("camera.deleteYes", { name }), danger: true }))) return;
    try {
      await remove("channels", id);
      say(t("camera.removed", { name }));
      await refreshChannels().catch(() => {});
      void navigate("/cameras", { force: true });
    } catch (error) {
      say(words(error), { bad: true });
    }
  };

  return (
    <Page title={t("channel.label", { id: String(id), name: String(entry["name"]) })} wide>
      <Back />
      {channel?.fault && channel.enabled && (
        <FaultNote text={channel.fault.since ? t("cameras.faultSince", { text: channel.fault.text, since: since(channel.fault.since, boxNow()) }) : channel.fault.text}>
          <Button size="sm" onClick={() => void retry()}>
            {t(refused && form.changed ? "camera.retryPassword" : "camera.retry")}
          </Button>
        </FaultNote>
      )}
      <div className={styles.columns}>
        <Form
          sections={collection.sections} base={entry} form={form} lit={useQuery("field")} channel={id} capabilities={data.capabilities ?? []}
          onApplied={() => {
            say(t("settings.applied"));
            reload();
          }}
          extra={<Button variant="subtle" color="red" className="danger" onClick={() => void drop()}>{t("camera.delete")}</Button>}
        />
        <div>
          <TestPanel values={form.values} channel={id} />
          <Link href={`/system/record?channel=${id}`} className={styles.back}>
            {t("camera.schedule")}
          </Link>
        </div>
      </div>
    </Page>
  );
}

export function CameraPage({ id }: { id: string }) {
  const { data, fault, reload } = useResource((signal) => loadPage("channels", signal), [id]);
  if (!data) return fault ? <Page title={t("cameras.title")}><FaultNote text={fault} retry={reload} /></Page> : <Waiting />;
  if (id === "new") return <New data={data} />;
  const entry = entriesOf(data).find((candidate) => String(candidate["id"]) === id);
  if (!entry) return <Page title={t("cameras.title")}><Empty title={t("camera.gone")} text={t("notFound.text")} action={<Back />} /></Page>;
  return <Existing key={data.etag} data={data} entry={entry} reload={reload} />;
}
