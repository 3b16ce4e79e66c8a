// What keeps a person's way back in safe: fresh proof, minimum age, tries that run out.

import { same, sure } from "../runner.mjs";
import {
  account,
  answer,
  askByEmail,
  proveByEmail,
  signIn,
  startWith,
  wrong,
} from "./people.mjs";

async function opensSecurityInfo(visitor, part) {
  const person = account(visitor, part);
  await signIn(visitor, person.user, person.password);
  await visitor.sees("Security info");
  return person;
}

async function removesFirst(visitor) {
  const button = visitor.page.locator('form[action="/me/remove"] button').first();
  await visitor.arriving(() => button.click());
}

async function choosesOwnEmail(visitor) {
  await visitor.page.locator("label.choice", { hasText: "E-mail" }).locator("input").check();
}

export const walks = [
  {
    name: "a way is removed after a fresh proof",
    gates: 1,
    async body(visitor) {
      const jane = await opensSecurityInfo(visitor, "plain");
      await removesFirst(visitor);
      await visitor.sees("Show that it is you");
      await visitor.reads("Before you change your security info");
      await choosesOwnEmail(visitor);
      await visitor.press("Send code");
      await visitor.sees("Type the code");
      await answer(visitor, await visitor.code(jane.email));
      await visitor.sees("Security info");
      await removesFirst(visitor);
      same(await visitor.page.locator(".own-ways li").count(), 1, "the ways that are left");
      await visitor.message(jane.email, (one) => one.subject.includes("security info was changed"));
    },
  },
  {
    name: "another code cannot be asked for at once",
    gates: 1,
    async body(visitor) {
      await opensSecurityInfo(visitor, "plain");
      await removesFirst(visitor);
      await choosesOwnEmail(visitor);
      await visitor.press("Send code");
      const again = visitor.page.locator("button[data-wait]");
      if (visitor.hasScript) {
        same(await again.isDisabled(), true, "the button while the time runs");
        await visitor.reads("You can send it again in");
        return;
      }
      await visitor.press("Send again");
      await visitor.sees("Type the code");
      await visitor.isTold("You can ask for another code in");
    },
  },
  {
    name: "who changed the password today is told so after the first proof",
    async body(visitor) {
      const yara = account(visitor, "young");
      await startWith(visitor, yara.user, "reset");
      await proveByEmail(visitor, yara.email);
      await visitor.sees("One more step");
      const note = await visitor.page.locator(".note").first().innerText();
      sure(/password/i.test(note), `nothing is said about the age: ${note}`);
      await visitor.examine("too young");
    },
  },
  {
    name: "tries run out, and another way is offered",
    gates: 1,
    async body(visitor) {
      const jane = account(visitor, "plain");
      await startWith(visitor, jane.user, "reset");
      await askByEmail(visitor, jane.email);
      const code = wrong(await visitor.code(jane.email));
      for (let turn = 1; turn <= 5; turn += 1) {
        if ((await visitor.heading()) === "Type the code") await answer(visitor, code);
      }
      await visitor.isTold("Too many tries this way.");
      await visitor.sees("Show that it is you");
    },
  },
  {
    name: "an account that has ended is told so for the right password alone",
    async body(visitor) {
      const erin = account(visitor, "ended");
      await signIn(visitor, erin.user, "not the password");
      await visitor.isTold("That user name and password do not match.");
      await signIn(visitor, erin.user, erin.password);
      await visitor.isTold("Your account cannot be used at the moment.");
    },
  },
];
