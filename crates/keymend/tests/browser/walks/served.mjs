// The journeys of one person in a directory that is really there, one for each kind of window.
// Whoever started the service looks afterwards at what the directory wrote down.

import {
  NEW_PASSWORD,
  answer,
  proveByEmail,
  proveByText,
  signIn,
  signsInWith,
  startWith,
  typeNewPassword,
  waitUntilSaved,
} from "./people.mjs";
import { addsEmail, addsPhone } from "./registration.mjs";
import { choosesPassword } from "./reset.mjs";
import { unlocks } from "./unlock.mjs";

/** What the password is changed to once it is known again; the locked account keeps it. */
const NEWER_PASSWORD = "meadow-Kettle-63-violin";

function personAt(visitor) {
  return visitor.service.people[visitor.setting.name];
}

async function registers(visitor, person) {
  await signIn(visitor, person.user, person.password);
  await visitor.sees("Set up a way back in");
  await visitor.press("Start");
  await addsEmail(visitor, person.email);
  await answer(visitor, await visitor.code(person.email));
  await visitor.sees("Choose a way");
  await addsPhone(visitor, person.phone);
  await answer(visitor, await visitor.code(person.phone));
  await visitor.sees("You are set up");
  await visitor.press("Continue");
  await visitor.press("Sign out");
  visitor.service.putLettersAway();
}

async function forgets(visitor, person) {
  await startWith(visitor, person.user, "reset");
  await proveByEmail(visitor, person.email);
  await visitor.sees("One more step");
  await proveByText(visitor, person.phone);
  await choosesPassword(visitor);
}

async function changes(visitor, person) {
  await signsInWith(visitor, person.user, NEW_PASSWORD);
  await visitor.visit("/me/password");
  await visitor.sees("Change your password");
  await visitor.fill("current", NEW_PASSWORD);
  await typeNewPassword(visitor, NEWER_PASSWORD, "Change password");
  await waitUntilSaved(visitor);
  await visitor.sees("Your password has been changed");
}

export const walks = [
  {
    name: "somebody registers, forgets, proves, and changes what is known again",
    async body(visitor) {
      const person = personAt(visitor);
      await registers(visitor, person);
      await forgets(visitor, person);
      await changes(visitor, person);
    },
  },
  {
    name: "somebody who is locked out unlocks",
    body: (visitor) => unlocks(visitor, personAt(visitor)),
  },
];
