import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// `vite dev` shows the sources against a running API: TIDEWIRE_ORIGIN names it.
const api = process.env["TIDEWIRE_ORIGIN"] ?? "http://localhost:8420";
const forwarded = { target: api, changeOrigin: true, headers: { origin: api } };

export default defineConfig({
  base: "/",
  plugins: [react(), tailwindcss()],
  build: {
    outDir: "dist",
    assetsInlineLimit: 0, // the policy lets nothing inline in
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: {
    host: "localhost",
    proxy: { "/api": forwarded, "/auth": forwarded, "/ws": { ...forwarded, ws: true } },
  },
  test: {
    environment: "jsdom",
    include: ["src/**/*.test.{ts,tsx}"],
    setupFiles: ["src/test/setup.ts"],
    restoreMocks: true,
    testTimeout: 120_000, // far beyond what a busy machine needs
  },
} as Parameters<typeof defineConfig>[0]);
