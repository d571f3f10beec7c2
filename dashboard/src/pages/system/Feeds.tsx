/** The news feeds: whether each answers, and when it last had something new. */

import type { Schemas } from "../../api/client";
import { Age, None } from "../../components/values";
import * as format from "../../format/format";
import { Scroll } from "../../components/Scroll";

const DOTS: Record<string, string> = { healthy: "good", failing: "bad" };

export function Feeds({ feeds }: { feeds: readonly Schemas["Feed"][] }) {
  return (
    <section className="card" aria-labelledby="feeds">
      <header>
        <h2 id="feeds">News feeds</h2>
      </header>
      <Scroll name="Table of news feeds">
        <table className="table">
          <thead>
            <tr>
              <th scope="col">Feed</th>
              <th scope="col">State</th>
              <th scope="col" className="r">
                Answered
              </th>
              <th scope="col" className="r p2">
                Last item
              </th>
              <th scope="col" className="r p2">
                Entries
              </th>
              <th scope="col" className="r">
                Errors
              </th>
            </tr>
          </thead>
          <tbody>
            {feeds.map((feed) => (
              <tr key={feed.feed} className="row">
                <td className="mono max-w-[180px] truncate" title={feed.feed}>
                  {feed.feed}
                </td>
                <td title={feed.detail || undefined}>
                  <span className="inline-flex items-center gap-2">
                    <span className={`dot ${DOTS[feed.state] ?? ""}`} />
                    {format.words(feed.state)}
                  </span>
                </td>
                <td className="r">
                  {feed.last_success ? <Age at={feed.last_success} /> : <None why="Not yet" />}
                </td>
                <td className="r p2">
                  {feed.last_item ? <Age at={feed.last_item} /> : <None why="None yet" />}
                </td>
                <td className="r p2 num">{format.count(feed.entries)}</td>
                <td className="r num">{format.count(feed.errors)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </section>
  );
}
