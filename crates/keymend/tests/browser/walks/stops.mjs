// S25, S26, S32 and other places where a journey stops.

import { same } from "../runner.mjs";
import { NOBODY, account, answer, askByEmail, startReset, startWith } from "./people.mjs";

/** One attempt that fails: a wrong address and a wrong code, then given up. */
async function fails(visitor, user) {
  await startWith(visitor, user, "reset");
  await askByEmail(visitor, "somebody@else.example");
  await answer(visitor, "000000");
  await visitor.isTold("That code does not fit.");
  await visitor.press("Cancel");
}

async function isPausedAfterFive(visitor, user) {
  for (let attempt = 1; attempt <= 5; attempt += 1) await fails(visitor, user);
  await startReset(visitor, user);
  await visitor.sees("Resetting is paused");
  same(visitor.lastStatus, 429, "the status");
}

export const walks = [
  {
    name: "after five failed attempts resetting is paused",
    body: (visitor) => isPausedAfterFive(visitor, account(visitor, "plain").user),
  },
  {
    name: "after five failed attempts resetting is paused for a name that nobody has",
    body: (visitor) => isPausedAfterFive(visitor, NOBODY),
  },
  {
    name: "an attempt can be cancelled, and nothing was changed",
    async body(visitor) {
      await startWith(visitor, account(visitor, "plain").user, "reset");
      await visitor.press("Cancel");
      await visitor.sees("Cancelled");
      await visitor.reads("Nothing was changed.");
    },
  },
  {
    name: "who can use none of the ways asks the administrators",
    async body(visitor) {
      await startWith(visitor, account(visitor, "unregistered").user, "reset");
      await visitor.choose("method", "none");
      await visitor.press("Next");
      await visitor.sees("Ask for help");
      if ((await visitor.page.locator("#user").count()) > 0) {
        await visitor.fill("user", account(visitor, "unregistered").user);
      }
      await visitor.press("Send a request");
      await visitor.sees("Your request has been sent");
    },
  },
  {
    name: "an empty form says what is missing",
    async body(visitor) {
      await startReset(visitor, "");
      await visitor.isTold("user name");
    },
  },
  {
    name: "a page that does not exist says so",
    async body(visitor) {
      await visitor.visit("/no/such/page");
      same(visitor.lastStatus, 404, "the status");
      await visitor.sees("There is no such page");
    },
  },
];
