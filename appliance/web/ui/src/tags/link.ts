/** A link to an instant of a camera, to be sent to somebody: it leads there also by way of logging in. */
import { t } from "../i18n";
import { shownInstant } from "../live/screens";
import { say } from "../ui/toast";

export const linkTo = (channel: number, at: number): string => `${location.origin}/?at=${Math.round(at)}&channel=${channel}`;

/** Copy the link to what a tile shows at this moment; where the browser does not let us, show it. */
export async function copyLink(channel: number): Promise<void> {
  const link = linkTo(channel, shownInstant(channel));
  try {
    await navigator.clipboard.writeText(link);
    say(t("link.copied"));
  } catch {
    say(link);
  }
}
