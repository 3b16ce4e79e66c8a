// S22 and S23: a locked account is opened and its password stays.

import { account, proveByEmail, proveByText, signsInWith, startWith } from "./people.mjs";

async function proves(visitor, person) {
  await proveByEmail(visitor, person.email);
  if ((await visitor.heading()) === "One more step") await proveByText(visitor, person.phone);
}

/** The whole journey of somebody who is locked out and knows the password. */
export async function unlocks(visitor, person) {
  await startWith(visitor, person.user, "unlock");
  await proves(visitor, person);
  await visitor.sees("Unlock your account");
  await visitor.reads("is locked. Unlock it and keep your password?");
  await visitor.press("Unlock");
  await visitor.sees("Your account is unlocked");
}

export const walks = [
  {
    name: "a locked account is unlocked and keeps its password",
    async body(visitor) {
      const lee = account(visitor, "locked");
      await unlocks(visitor, lee);
      await signsInWith(visitor, lee.user, lee.password);
    },
  },
  {
    name: "an account that is not locked is told so and may choose a new password",
    gates: 1,
    async body(visitor) {
      const jane = account(visitor, "plain");
      await startWith(visitor, jane.user, "unlock");
      await proves(visitor, jane);
      await visitor.sees("Unlock your account");
      await visitor.reads("Your account is not locked.");
      await visitor.press("Choose a new password");
      await visitor.sees("Choose a new password");
    },
  },
];
