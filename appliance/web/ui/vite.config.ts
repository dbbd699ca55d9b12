/** Builds the page into appliance/web/static; in development forwards the API to a running box. */
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const box = process.env.NVR_BOX ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [react()],
  build: {
    outDir: "../static",
    emptyOutDir: true,
    target: "es2022",
    // Nothing is inlined: the content security policy allows no data: fonts and no inline code.
    assetsInlineLimit: 0,
    reportCompressedSize: true,
  },
  server: { host: "127.0.0.1", proxy: { "/api": { target: box, ws: true, secure: false } } },
  test: { environment: "happy-dom", include: ["src/**/*.test.{ts,tsx}"], css: false, testTimeout: 10_000 },
});
