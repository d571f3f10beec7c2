/** Every risk check in words: what was measured, what is allowed, how much of it was used. */

import { Icon } from "../../components/Icon";
import { Meter } from "../../components/controls";
import * as format from "../../format/format";
import { type Check, allowedOf, measuredOf, nameOf, usedOf } from "./checks";
import { Step } from "./Step";

export function ChecksStep({ checks, accepted }: { checks: readonly Check[]; accepted: boolean }) {
  const passed = checks.filter((check) => check.passed).length;
  const failed = checks.length - passed;
  const said = failed
    ? `${format.count(failed)} of ${format.count(checks.length)} denied`
    : `${format.count(passed)} of ${format.count(checks.length)} passed`;
  return (
    <Step
      title="Risk checks"
      state={accepted ? (checks.length ? "good" : "none") : "bad"}
      when={checks.length ? said : undefined}
    >
      {checks.length ? (
        <table className="checks num">
          <thead className="sr">
            <tr>
              <th scope="col">Result</th>
              <th scope="col">Check</th>
              <th scope="col">Measured</th>
              <th scope="col">Allowed</th>
              <th scope="col">Used</th>
            </tr>
          </thead>
          <tbody>
            {checks.map((check) => (
              <Line key={check.code} check={check} />
            ))}
          </tbody>
        </table>
      ) : (
        <p className="text-muted">No check was asked of this.</p>
      )}
    </Step>
  );
}

function Line({ check }: { check: Check }) {
  const { code, passed, denied } = check;
  const used = usedOf(check);
  const too = !passed && !denied;
  return (
    <tr className={passed ? "" : "bad"}>
      <td className="icon">
        <Icon name={passed ? "check" : "cross"} size={12} />
        <span className="sr">{passed ? "passed" : too ? "would have denied too" : "denied"}</span>
      </td>
      <th scope="row" title={code}>
        {nameOf(code)}
        {too ? <span title="It would have denied, too"> · too</span> : null}
      </th>
      <td className="r">{measuredOf(check)}</td>
      <td className="r allowed">{allowedOf(check)}</td>
      <td className="used">
        {used === null ? null : (
          <Meter
            value={used}
            tone={passed ? "" : "bad"}
            label={`${nameOf(code)}: ${format.percent(used, { decimals: 0 })} of the limit`}
          />
        )}
      </td>
    </tr>
  );
}
