/** The way to where a fault of the box is mended. */
import type { HealthItem } from "../api/types";
import { t } from "../i18n";
import { Link } from "../router/Link";
import { mendingOf } from "./mend";

export function MendLink({ item, onClick }: { item: HealthItem; onClick?: () => void }) {
  const { href, text } = mendingOf(item);
  return (
    <Link href={href} onClick={onClick}>
      {t(text)}
    </Link>
  );
}
