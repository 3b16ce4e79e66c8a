// S25, S26, S32 and other places where a journey stops.

import { same, sure } from "../runner.mjs";
import {
  ANY_WINDOW,
  NEW_PASSWORD,
  NOBODY,
  account,
  answer,
  askByEmail,
  signsInWith,
  startReset,
  startWith,
  typeNewPassword,
} from "./people.mjs";

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

async function hasTimedOut(visitor) {
  await visitor.sees("This attempt has timed out");
  same(visitor.lastStatus, 410, "the status");
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
    onlyFor: ANY_WINDOW,
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
    name: "an attempt that took too long has ended, and the next one leads on",
    gates: 1,
    movesClock: true,
    async body(visitor) {
      const jane = account(visitor, "plain");
      await startWith(visitor, jane.user, "reset");
      await askByEmail(visitor, jane.email);
      const code = await visitor.code(jane.email);
      visitor.service.putForward(16);
      await answer(visitor, code);
      await hasTimedOut(visitor);
      await visitor.press("Start again");
      await visitor.sees("Get back into your account");
      same(await visitor.page.locator("#user").inputValue(), jane.user, "the name that was typed");
      await startWith(visitor, jane.user, "reset");
      await askByEmail(visitor, jane.email);
      await answer(visitor, await visitor.code(jane.email, code));
      await visitor.sees("Choose a new password");
      visitor.service.putForward(32);
      await typeNewPassword(visitor, NEW_PASSWORD);
      await hasTimedOut(visitor);
      await signsInWith(visitor, jane.user, jane.password);
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
