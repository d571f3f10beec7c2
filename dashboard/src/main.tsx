import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { App } from "./app/App";
import { ApiProblem } from "./api/session";
import "./styles/index.css";

const TRIES = 2;

const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      // What the API refused it refuses again; a server that is away may come back.
      retry: (count, error) =>
        count < TRIES && !(error instanceof ApiProblem && error.status < 500 && error.status > 0),
      refetchOnWindowFocus: false, // events keep what is shown up to date
      networkMode: "always", // localhost is there without a network
    },
    mutations: { networkMode: "always" },
  },
});

// A page whose files were built anew while this tab was open: the new ones, once.
addEventListener("vite:preloadError", (event) => {
  if (sessionStorage.getItem("tidewire.reloaded")) return;
  sessionStorage.setItem("tidewire.reloaded", "yes");
  event.preventDefault();
  location.reload();
});
addEventListener("load", () =>
  setTimeout(() => sessionStorage.removeItem("tidewire.reloaded"), 10_000),
);

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no root");
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      <App />
    </QueryClientProvider>
  </StrictMode>,
);
