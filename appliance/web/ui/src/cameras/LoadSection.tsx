/** What all cameras together may send: the fields of the Channels page that belong to no camera. */
import { loadPage } from "../settings/api";
import { OwnFields } from "../settings/PageEditor";
import { FaultNote } from "../ui/parts";
import { useResource } from "../ui/useResource";

/** Fields of the page; a search hit or a way to mend something leads to them, not to a camera. */
export const PAGE_FIELDS: ReadonlySet<string> = new Set(["incoming_limit_mbps"]);

export function LoadSection() {
  const { data, fault, reload } = useResource((signal) => loadPage("channels", signal), []);
  if (!data) return fault ? <FaultNote text={fault} retry={reload} /> : null;
  return <OwnFields page="channels" data={data} reload={reload} />;
}
