import { Link, useRouteError } from "react-router";

import { Button } from "../components/controls";

export function NotFound() {
  return (
    <div className="state" style={{ minHeight: 360 }}>
      <h1>There is no such page</h1>
      <p>
        The address may be mistyped.{" "}
        <Link className="link" to="/">
          Go to the portfolio
        </Link>
      </p>
    </div>
  );
}

/** A fault of ours: said, with a way on. */
export function Broken() {
  const error = useRouteError();
  return (
    <div className="state" role="alert" style={{ minHeight: 480 }}>
      <h1>This page has failed</h1>
      <p>Trading goes on: it does not depend on this page. `tidewire status` shows the same.</p>
      <p className="mono">{error instanceof Error ? error.message : "unknown"}</p>
      <Button kind="primary" onClick={() => location.reload()}>
        Load again
      </Button>
    </div>
  );
}
