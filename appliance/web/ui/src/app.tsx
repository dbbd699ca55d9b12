/** The outermost component: theme, who is here, and what that person sees. */
import { DirectionProvider, MantineProvider } from "@mantine/core";
import { lazy, Suspense, useEffect } from "react";
import { EnrolFactor } from "./account/EnrolFactor";
import { LogIn } from "./account/LogIn";
import { Reminder } from "./account/Reminder";
import { SetUp } from "./account/SetUp";
import { Unreachable } from "./account/Unreachable";
import { Frame } from "./frame/Frame";
import { isRtl } from "./i18n";
import { closeAll } from "./live/screens";
import { usePlace } from "./router/router";
import { language, scheme } from "./state/appearance";
import { follow, unfollow } from "./state/box";
import { session } from "./state/session";
import { useStore } from "./state/store";
import { theme } from "./theme/theme";
import { Boundary } from "./ui/Boundary";
import { ConfirmHost } from "./ui/confirm";
import { Waiting } from "./ui/parts";
import { Toasts } from "./ui/toast";

const ConfirmNetwork = lazy(async () => ({ default: (await import("./network/ConfirmPage")).ConfirmPage }));

function Person() {
  const { phase, enrol } = useStore(session);
  useEffect(() => {
    if (phase !== "in" || enrol) return;
    follow();
    return () => {
      unfollow();
      closeAll();
    };
  }, [phase, enrol]);
  switch (phase) {
    case "loading":
      return <Waiting />;
    case "setup":
      return <SetUp />;
    case "login":
      return <LogIn />;
    case "unreachable":
      return <Unreachable />;
    case "in":
      return enrol ? <EnrolFactor /> : <><Reminder /><Frame /></>;
  }
}

export function App() {
  const colours = useStore(scheme);
  const words = useStore(language);
  const { path } = usePlace();
  return (
    <DirectionProvider key={words} initialDirection={isRtl() ? "rtl" : "ltr"}>
      {/* Variables and classes come from our style sheets: nothing injects a <style> element. */}
      <MantineProvider theme={theme} forceColorScheme={colours} withCssVariables={false} withGlobalClasses={false}>
        <Boundary>
          {path === "/network/confirm" ? <Suspense fallback={<Waiting />}><ConfirmNetwork /></Suspense> : <Person />}
        </Boundary>
        <ConfirmHost />
        <Toasts />
      </MantineProvider>
    </DirectionProvider>
  );
}
