/** One's own account: passkeys, and for owners the people. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { type Schemas, api, dataOf } from "../../api/client";
import { meQuery } from "../../api/queries";
import { Button } from "../../components/controls";
import { Panel, said } from "../../components/Panel";
import { Badge, Time } from "../../components/values";
import { addPasskey, noticeOf } from "../signin/passkeys";
import { Scroll } from "../../components/Scroll";

export default function Account() {
  const me = useQuery(meQuery()).data;
  return (
    <>
      <div className="pagehead">
        <h1>Account</h1>
        {me ? (
          <span className="text-12 text-muted">
            {me.name}, {me.role}, run {me.run}
          </span>
        ) : null}
      </div>
      {me?.live === false ? (
        <section className="card p-4">
          <h2>A demo has no people</h2>
          <p className="mt-1 max-w-prose text-muted">
            Its link signs in whoever can read this machine's files, as an owner, until the demo
            ends. With <code className="mono">tidewire up</code> everybody has a passkey of their
            own and a role.
          </p>
        </section>
      ) : null}
      {me?.live ? <Passkeys /> : null}
      {me?.live && me.role === "owner" ? <People /> : null}
    </>
  );
}

const passkeysKey = ["passkeys"];

function Passkeys() {
  const client = useQueryClient();
  const query = useQuery({
    queryKey: passkeysKey,
    queryFn: async () => (await dataOf(api.GET("/auth/passkeys"))).passkeys,
  });
  const again = () => client.invalidateQueries({ queryKey: passkeysKey });
  const add = useMutation({ mutationFn: () => addPasskey(""), onSuccess: again });
  const revoke = useMutation({
    mutationFn: (id: string) => api.DELETE("/auth/passkeys/{id}", { params: { path: { id } } }),
    onSuccess: again,
  });
  const wrong = add.error ? noticeOf(add.error) : revoke.error ? noticeOf(revoke.error) : null;
  return (
    <Panel
      title="Passkeys"
      query={query}
      controls={
        <Button
          size="s"
          onClick={() => add.mutate()}
          pending={add.isPending && "Waiting for your device..."}
        >
          Add a passkey
        </Button>
      }
      footer={
        wrong ? <span className="text-loss">{`${wrong.title} ${wrong.detail}`}</span> : undefined
      }
    >
      {(passkeys) => (
        <Scroll name="Table of passkeys">
          <table className="table">
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col" className="p2">
                  Made
                </th>
                <th scope="col">Used</th>
                <th scope="col" className="p2">
                  Synced
                </th>
                <th scope="col" className="r">
                  <span className="sr">Revoke</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {passkeys.map((passkey) => (
                <tr key={passkey.id} className="row">
                  <td>
                    <Label passkey={passkey} onDone={again} />
                  </td>
                  <td className="p2">
                    <Time at={passkey.created_at} style="date" />
                  </td>
                  <td>
                    <Time at={passkey.last_used_at} style="date" />
                  </td>
                  <td className="p2">{passkey.backed_up ? "Yes" : "No"}</td>
                  <td className="r">
                    <Button
                      size="s"
                      kind="danger"
                      disabled={passkeys.length < 2}
                      title={
                        passkeys.length < 2 ? "The last one stays: add another first" : undefined
                      }
                      onClick={() => revoke.mutate(passkey.id)}
                      pending={revoke.isPending && revoke.variables === passkey.id && "Revoking..."}
                    >
                      Revoke
                    </Button>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
    </Panel>
  );
}

/** A passkey's name, which is changed where it stands. */
function Label({ passkey, onDone }: { passkey: Schemas["PasskeyAnswer"]; onDone: () => void }) {
  const [label, setLabel] = useState<string | null>(null);
  const rename = useMutation({
    mutationFn: (to: string) =>
      api.PATCH("/auth/passkeys/{id}", {
        params: { path: { id: passkey.id } },
        body: { label: to },
      }),
    onSuccess: () => {
      setLabel(null);
      onDone();
    },
  });
  if (label === null) {
    return (
      <button type="button" className="link" onClick={() => setLabel(passkey.label)}>
        {passkey.label || "Unnamed"}
        <span className="sr">: rename</span>
      </button>
    );
  }
  return (
    <form
      className="flex items-center gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        rename.mutate(label);
      }}
    >
      <input
        className="input max-w-48"
        aria-label="Name of the passkey"
        maxLength={64}
        autoFocus
        value={label}
        onChange={(event) => setLabel(event.target.value)}
      />
      <Button size="s" type="submit" pending={rename.isPending && "Saving..."}>
        Save
      </Button>
    </form>
  );
}

const peopleKey = ["people"];
type Role = "viewer" | "trader" | "owner";
const ROLES: readonly Role[] = ["viewer", "trader", "owner"];

function People() {
  const client = useQueryClient();
  const query = useQuery({
    queryKey: peopleKey,
    queryFn: async () => (await dataOf(api.GET("/auth/people"))).people,
  });
  const [role, setRole] = useState<Role>("viewer");
  const invite = useMutation({
    mutationFn: () => dataOf(api.POST("/auth/invitations", { body: { role } })),
  });
  const change = useMutation({
    mutationFn: ({ id, ...body }: { id: string; role?: Role; active?: boolean }) =>
      dataOf(api.PATCH("/auth/people/{id}", { params: { path: { id } }, body: body as never })),
    onSuccess: ({ people }) => client.setQueryData(peopleKey, people),
  });
  return (
    <Panel
      title="People"
      query={query}
      controls={
        <>
          <select
            className="chip"
            aria-label="Role of whoever is invited"
            value={role}
            onChange={(event) => setRole(event.target.value as Role)}
          >
            {ROLES.map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
          <Button
            size="s"
            onClick={() => invite.mutate()}
            pending={invite.isPending && "Inviting..."}
          >
            Invite
          </Button>
        </>
      }
      footer={
        invite.data ? (
          <span>
            Send this link, good once until <Time at={invite.data.expires_at} />:{" "}
            <code className="mono select-all break-all text-ink">{invite.data.link}</code>
          </span>
        ) : invite.error || change.error ? (
          <span className="text-loss">{said(invite.error ?? change.error).cause}</span>
        ) : undefined
      }
    >
      {(people) => (
        <Scroll name="Table of people">
          <table className="table">
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col">Role</th>
                <th scope="col" className="p2 r">
                  Passkeys
                </th>
                <th scope="col" className="p2">
                  Signed in
                </th>
                <th scope="col" className="r">
                  <span className="sr">Let in or shut out</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {people.map((person) => (
                <tr key={person.id} className="row">
                  <td className="font-semibold">
                    {person.name} {person.active ? null : <Badge tone="warn">Shut out</Badge>}
                  </td>
                  <td>
                    <select
                      className="chip"
                      aria-label={`Role of ${person.name}`}
                      value={person.role}
                      onChange={(event) =>
                        change.mutate({ id: person.id, role: event.target.value as Role })
                      }
                    >
                      {ROLES.map((each) => (
                        <option key={each}>{each}</option>
                      ))}
                    </select>
                  </td>
                  <td className="p2 r">{person.passkeys}</td>
                  <td className="p2">
                    <Time at={person.last_used_at} style="date" />
                  </td>
                  <td className="r">
                    <Button
                      size="s"
                      kind={person.active ? "danger" : "default"}
                      onClick={() => change.mutate({ id: person.id, active: !person.active })}
                    >
                      {person.active ? "Shut out" : "Let in"}
                    </Button>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
    </Panel>
  );
}
