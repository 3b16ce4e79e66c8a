// S12 to S21: a forgotten password becomes a new one.

import { same, sure } from "../runner.mjs";
import {
  NEW_PASSWORD,
  account,
  answer,
  askByEmail,
  proveByEmail,
  proveByText,
  signIn,
  signsInWith,
  startWith,
  typeNewPassword,
  waitUntilSaved,
  wrong,
} from "./people.mjs";

/** From the page for a new password to the word that it is saved. */
export async function choosesPassword(visitor) {
  await visitor.sees("Choose a new password");
  await typeNewPassword(visitor, NEW_PASSWORD);
  await waitUntilSaved(visitor);
  await visitor.sees("Your password has been changed");
}

/** The whole journey of somebody who needs one way only. */
async function resets(visitor, jane) {
  await startWith(visitor, jane.user, "reset");
  await proveByEmail(visitor, jane.email);
  await choosesPassword(visitor);
}

export const walks = [
  {
    name: "a forgotten password becomes a new one by one way",
    gates: 1,
    async body(visitor) {
      const jane = account(visitor, "plain");
      await resets(visitor, jane);
      await visitor.reads("We have told you at every address we know.");
      await signsInWith(visitor, jane.user, NEW_PASSWORD);
      await visitor.press("Sign out");
      await signIn(visitor, jane.user, jane.password);
      await visitor.isTold("That user name and password do not match.");
    },
  },
  {
    name: "a forgotten password becomes a new one by two ways",
    async body(visitor) {
      const john = account(visitor, "otherPlain");
      await startWith(visitor, john.user, "reset");
      await proveByEmail(visitor, john.email);
      await visitor.sees("One more step");
      await visitor.reads("Step 2 of 2");
      same(await visitor.page.locator('input[value="email"]').count(), 0, "e-mail is offered again");
      await proveByText(visitor, john.phone);
      await choosesPassword(visitor);
      await signsInWith(visitor, john.user, NEW_PASSWORD);
    },
  },
  {
    name: "a wrong code is said to be wrong, and the right one still works",
    gates: 1,
    async body(visitor) {
      const jane = account(visitor, "plain");
      await startWith(visitor, jane.user, "reset");
      await askByEmail(visitor, jane.email);
      const code = await visitor.code(jane.email);
      await answer(visitor, wrong(code));
      await visitor.isTold("That code does not fit. Use the newest message, or ask for another code.");
      await answer(visitor, code);
      await visitor.sees("Choose a new password");
    },
  },
  {
    name: "a weak password is refused with a reason, and the proof still counts",
    gates: 1,
    async body(visitor) {
      const jane = account(visitor, "plain");
      await startWith(visitor, jane.user, "reset");
      await proveByEmail(visitor, jane.email);
      await visitor.sees("Choose a new password");
      await typeNewPassword(visitor, "short");
      await visitor.isTold("Use at least");
      same(await visitor.page.locator("#password").inputValue(), "", "a password was kept in the page");
      await choosesPassword(visitor);
    },
  },
  {
    name: "two different passwords are noticed",
    gates: 1,
    async body(visitor) {
      const jane = account(visitor, "plain");
      await startWith(visitor, jane.user, "reset");
      await proveByEmail(visitor, jane.email);
      await visitor.fill("password", NEW_PASSWORD);
      await visitor.fill("again", `${NEW_PASSWORD}-other`);
      await visitor.press("Save new password");
      await visitor.isTold("The two passwords are not the same.");
    },
  },
  {
    name: "another way can be used",
    async body(visitor) {
      const jane = account(visitor, "plain");
      await startWith(visitor, jane.user, "reset");
      await askByEmail(visitor, jane.email);
      await visitor.press("Use another way");
      await visitor.sees("Show that it is you");
    },
  },
  {
    name: "more time can be had",
    async body(visitor) {
      // Without script the button is always there; with it, two minutes before the end.
      if (visitor.hasScript) await visitor.page.clock.install();
      await startWith(visitor, account(visitor, "plain").user, "reset");
      const more = visitor.page.getByRole("button", { name: "I need more time" });
      if (visitor.hasScript) {
        same(await more.isVisible(), false, "more time is offered too early");
        await visitor.page.clock.fastForward("13:30");
        await visitor.reads("This attempt ends in about 2 minutes.");
        await visitor.examine("soon");
        await more.click();
        await visitor.page.getByText("You have five more minutes.").waitFor();
        same(await more.isVisible(), false, "the button stays");
      } else {
        await visitor.press("I need more time");
        await visitor.reads("This attempt ends in about 20 minutes.");
      }
      await visitor.sees("Show that it is you");
      await visitor.choose("method", "email");
      await visitor.press("Next");
      await visitor.sees("Show that it is you by e-mail");
    },
  },
  {
    name: "somebody who did not ask stops it by the link in the mail",
    gates: 1,
    async body(visitor) {
      const jane = account(visitor, "plain");
      await resets(visitor, jane);
      const letter = await visitor.message(jane.email, (one) => one.body.includes("/not-me/"));
      const link = letter.body.match(/\/not-me\/[\w.~-]+/)[0];
      await visitor.visit(link);
      await visitor.sees("Was this not you?");
      await visitor.press("Stop and protect my account");
      await visitor.sees("Your account is protected");
      await startWith(visitor, jane.user, "reset");
      await askByEmail(visitor, jane.email);
    },
  },
];
