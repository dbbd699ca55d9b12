/** All cameras: how each fares, what it sends, and its recording switch (D1-RC-21, D1-RC-22, D1-RC-23). */
import { Button, SegmentedControl } from "@mantine/core";
import { IconArrowsMove, IconCamera, IconPlug, IconPlus } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import type { Channel } from "../api/types";
import { t } from "../i18n";
import { Link } from "../router/Link";
import { navigate, useQuery } from "../router/router";
import { box, boxNow } from "../state/box";
import { may, session } from "../state/session";
import { useSelect, useStore } from "../state/store";
import { since } from "../time/format";
import { Empty, Mark, Page, Waiting } from "../ui/parts";
import table from "../ui/table.module.css";
import styles from "./cameras.module.css";
import { describeStream, stateLevel, stateWords } from "./facts";
import { LoadSection, PAGE_FIELDS } from "./LoadSection";
import { MODES, setMode, type Mode } from "./mode";

function ModeSwitch({ label, value, onChange, disabled }: { label: string; value: string; onChange: (mode: Mode) => void; disabled: boolean }) {
  return (
    <SegmentedControl
      size="xs" aria-label={label} value={value} disabled={disabled} onChange={(mode) => onChange(mode as Mode)}
      data={MODES.map((mode) => ({ value: mode, label: t(`cameras.mode.${mode}`) }))}
    />
  );
}

function Row({ channel, editable }: { channel: Channel; editable: boolean }) {
  const fault = channel.fault ?? channel.not_recording ?? null;
  return (
    <tr>
      <td>
        <Link href={`/cameras/${channel.id}`} className={table.name}>
          {t("channel.label", { id: String(channel.id), name: channel.name })}
        </Link>
      </td>
      <td>
        <Mark level={stateLevel(channel)}>{stateWords(channel)}</Mark>
        {channel.enabled && fault && (
          <div className={styles.fault}>{fault.since ? t("cameras.faultSince", { text: fault.text, since: since(fault.since, boxNow()) }) : fault.text}</div>
        )}
      </td>
      <td className={styles.facts}>
        <div>{describeStream(channel.streams.main)}</div>
        <div className="dim">{describeStream(channel.streams.sub)}</div>
      </td>
      <td>
        <ModeSwitch label={t("cameras.modeOf", { name: channel.name })} value={channel.mode ?? "auto"} disabled={!editable} onChange={(mode) => void setMode([channel], mode)} />
      </td>
      <td className={table.end}>
        <Button variant="default" component="a" href={`/cameras/${channel.id}`} onClick={(event: React.MouseEvent) => {
          event.preventDefault();
          void navigate(`/cameras/${channel.id}`);
        }} aria-label={t("cameras.edit", { name: channel.name })}>
          {t("action.edit")}
        </Button>
      </td>
    </tr>
  );
}

export function CamerasPage() {
  const channels = useSelect(box, (state) => state.channels);
  const editable = may(useStore(session), "cameras");
  const field = useQuery("field");
  const [all, setAll] = useState<string>("");
  useEffect(() => {
    // A search hit of the camera form: open the first camera with that field lit.
    const first = channels?.[0];
    if (field && first && !PAGE_FIELDS.has(field)) void navigate(`/cameras/${first.id}?field=${field}`, { replace: true });
  }, [field, channels]);
  if (!channels) return <Waiting />;
  const add = (
    <Button leftSection={<IconPlus size={18} aria-hidden />} disabled={!editable} onClick={() => void navigate("/cameras/new")}>
      {t("cameras.add")}
    </Button>
  );
  const poe = (
    <Button variant="default" leftSection={<IconPlug size={18} aria-hidden />} onClick={() => void navigate("/cameras/poe")}>
      {t("poe.open")}
    </Button>
  );
  const ptz = (
    <Button variant="default" leftSection={<IconArrowsMove size={18} aria-hidden />} onClick={() => void navigate("/cameras/ptz")}>
      {t("ptz.open")}
    </Button>
  );
  if (channels.length === 0) {
    return (
      <Page title={t("cameras.title")} actions={<>{poe}{ptz}</>}>
        <Empty icon={<IconCamera size={40} stroke={1.2} aria-hidden />} title={t("cameras.none.title")} text={t("cameras.none.text")} action={add} />
      </Page>
    );
  }
  return (
    <Page title={t("cameras.title")} wide actions={<>{poe}{ptz}{add}</>}>
      {editable && channels.length > 1 && (
        <div className={styles.all}>
          <span>{t("cameras.modeAll")}</span>
          <ModeSwitch label={t("cameras.modeAll")} disabled={false} value={MODES.find((mode) => channels.every((channel) => channel.mode === mode)) ?? all} onChange={(mode) => {
            setAll(mode);
            void setMode(channels, mode);
          }} />
          <span className="dim small">{t("cameras.modeAllHelp")}</span>
        </div>
      )}
      <div className={table.scroll}>
        <table className={`${table.table} ${table.cards}`}>
          <thead>
            <tr>
              <th scope="col">{t("cameras.name")}</th>
              <th scope="col">{t("cameras.state")}</th>
              <th scope="col">{t("cameras.stream.main")} / {t("cameras.stream.sub")}</th>
              <th scope="col">{t("cameras.record")}</th>
              <td />
            </tr>
          </thead>
          <tbody>
            {channels.map((channel) => (
              <Row key={channel.id} channel={channel} editable={editable} />
            ))}
          </tbody>
        </table>
      </div>
      {editable && <LoadSection />}
    </Page>
  );
}
