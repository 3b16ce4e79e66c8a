// S25, S26, S32 and other places where a journey stops.

import { same, sure } from "../runner.mjs";
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
  for (let attempt = 1; attempt <= 4; attempt += 1) await fails(visitor, user);
  await startWith(visitor, user, "reset");
  await askByEmail(visitor, "somebody@else.example");
  await answer(visitor, "000000");
  await isPaused(visitor);
  await startReset(visitor, user);
  await isPaused(visitor);
}

async function isPaused(visitor) {
  await visitor.sees("Resetting is paused");
  same(visitor.lastStatus, 429, "the status");
  await visitor.reads("resetting is paused for about an hour");
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
      await visitor.visit("/flow");
      sure((await visitor.heading()) !== "Show that it is you", "the attempt goes on");
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
