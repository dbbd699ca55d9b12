/** Starts the page. */
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "@fontsource-variable/inter/index.css";
import "./theme/components.css";
import "./theme/base.css";
import { App } from "./app";
import { chooseLanguage } from "./state/appearance";
import { begin } from "./state/session";

chooseLanguage();
void begin();
createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
