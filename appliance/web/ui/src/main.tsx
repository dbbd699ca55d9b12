/** Starts the page. */
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "@fontsource-variable/inter/index.css";
import "./theme/components.css";
import "./theme/base.css";
import { App } from "./app";
import { chooseLanguage } from "./state/appearance";
import { begin } from "./state/session";

/** Begin, unless `unsupported.js` has told this browser in words what it lacks. */
function start() {
  if (document.documentElement.hasAttribute("data-unsupported")) return;
  chooseLanguage();
  void begin();
  createRoot(document.getElementById("root")!).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
}

start();
