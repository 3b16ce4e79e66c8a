// S30 and S24: changing a password that is known, wanted or not.

import { NEW_PASSWORD, account, signIn, signsInWith, typeNewPassword, waitUntilSaved } from "./people.mjs";

async function changes(visitor, current) {
  await visitor.fill("current", current);
  await typeNewPassword(visitor, NEW_PASSWORD, "Change password");
  await waitUntilSaved(visitor);
}

/** Signs in with a password that must go first, and changes it. */
async function isLedToChange(visitor, part, heading) {
  const person = account(visitor, part);
  await signIn(visitor, person.user, person.password);
  await visitor.sees(heading);
  await visitor.reads("Before you go on, choose a new password.");
  await visitor.visit("/me");
  await visitor.sees(heading);
  await changes(visitor, person.password);
  await visitor.sees("Your password has been changed");
  await signsInWith(visitor, person.user, NEW_PASSWORD);
}

async function opensChange(visitor) {
  const jane = account(visitor, "plain");
  await signIn(visitor, jane.user, jane.password);
  await visitor.visit("/me/password");
  await visitor.sees("Change your password");
  return jane;
}

export const walks = [
  {
    name: "a known password is changed",
    async body(visitor) {
      const jane = await opensChange(visitor);
      await changes(visitor, jane.password);
      await visitor.sees("Your password has been changed");
      await signsInWith(visitor, jane.user, NEW_PASSWORD);
    },
  },
  {
    name: "a wrong current password is said to be wrong",
    async body(visitor) {
      await opensChange(visitor);
      await changes(visitor, "not my password");
      await visitor.isTold("Your current password does not fit.");
    },
  },
  {
    name: "an expired password leads to a new one",
    body: (visitor) => isLedToChange(visitor, "expired", "Your password has expired"),
  },
  {
    name: "a password that must be changed leads to a new one",
    body: (visitor) => isLedToChange(visitor, "mustChange", "Your password must be changed"),
  },
];
