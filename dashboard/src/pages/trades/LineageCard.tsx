/** The lineage of what stands in no row that is shown: an address led to it. */

import { Button } from "../../components/controls";
import { Icon } from "../../components/Icon";
import { Ticker } from "../../components/values";
import * as format from "../../format/format";
import { Lineage, useLineage } from "./Lineage";

export function LineageCard({ id, onClose }: { id: string; onClose: () => void }) {
  const { data } = useLineage(id);
  const of = data?.decision ?? data?.trades[0];
  return (
    <section className="card lineage-card" aria-label="Lineage">
      <header>
        <h2>Lineage</h2>
        {of ? (
          <span className="meta">
            {format.words(of.side)} <Ticker>{of.ticker}</Ticker>,{" "}
            <time dateTime={of.at} title={format.full(of.at)}>
              {format.date(of.at)} {format.seconds(of.at)} {format.zone(of.at)}
            </time>
          </span>
        ) : null}
        <span className="spacer" />
        <Button kind="ghost" size="s" onClick={onClose}>
          <Icon name="cross" size={12} />
          Close
        </Button>
      </header>
      <Lineage id={id} />
    </section>
  );
}
