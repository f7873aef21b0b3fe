import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// Django serves what is built under its static files and finds the entry in the manifest.
export default defineConfig({
  base: "/static/storefront/",
  plugins: [react()],
  build: {
    outDir: "../static/storefront",
    emptyOutDir: true,
    manifest: "manifest.json",
    modulePreload: { polyfill: false },
    target: "es2022",
    rollupOptions: { input: "src/main.tsx" },
  },
  server: { port: 5173, strictPort: true, origin: "http://127.0.0.1:5173" },
  test: { environment: "happy-dom", include: ["tests/**/*.test.{ts,tsx}"], setupFiles: "tests/setup.ts" },
});
