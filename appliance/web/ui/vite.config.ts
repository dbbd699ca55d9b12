/** Builds the page into appliance/web/static; in development forwards the API to a running box. */
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const box = process.env.NVR_BOX ?? "http://127.0.0.1:8080";

const TEXTS = /\.(js|css|html|svg|json|webmanifest)$/;
/** Below this, compressing saves no packet. */
const MIN_BYTES = 1024;

/** Beside each text file that gains by it, the same packed: the box has no time to pack well while somebody waits. */
function packed() {
  let folder = "";
  return {
    name: "packed",
    configResolved: (config: { root: string; build: { outDir: string } }) => {
      folder = join(config.root, config.build.outDir);
    },
    closeBundle: () => {
      for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
        const path = join(folder, name);
        if (!TEXTS.test(name) || statSync(path).size < MIN_BYTES) continue;
        const body = readFileSync(path);
        writeFileSync(`${path}.gz`, gzipSync(body, { level: 9 }));
        writeFileSync(`${path}.br`, brotliCompressSync(body, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: body.length } }));
      }
    },
  };
}

export default defineConfig({
  plugins: [react(), packed()],
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
