import { TailraceProvider } from "@tailrace/react";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { JobPage } from "./job_page.tsx";
import "./job.css";

// ?job=8f3a, and where the gateway is when it is not on its usual port: ?job=8f3a&gateway=http://127.0.0.1:8000
const address = new URLSearchParams(location.search);
const gateway = address.get("gateway") ?? "http://127.0.0.1:8000";

const place = document.getElementById("app");
if (place) {
  createRoot(place).render(
    <StrictMode>
      <TailraceProvider url={gateway}>
        <JobPage job={address.get("job") ?? ""} />
      </TailraceProvider>
    </StrictMode>,
  );
}
