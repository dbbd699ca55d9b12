/** Says once a page is opened that the own password is older than it should be (N1.5). */
import { useEffect } from "react";
import { t } from "../i18n";
import { standing } from "../state/session";
import { useStore } from "../state/store";
import { say } from "../ui/toast";

export function Reminder() {
  const { renew } = useStore(standing);
  useEffect(() => {
    if (renew) say(t("own.renewSoon"));
  }, [renew]);
  return null;
}
