// What people do besides the straight way: back, reload, double clicks, links, other languages.

import { same, sure } from "../runner.mjs";
import {
  NEW_PASSWORD,
  account,
  answer,
  askByText,
  proveByEmail,
  signIn,
  startReset,
  startWith,
  typeNewPassword,
  waitUntilSaved,
  wrong,
} from "./people.mjs";

/** At the code of the second gate, where the page says how many tries are left. */
async function reachesSecondCode(visitor) {
  const person = account(visitor, "otherPlain");
  await startWith(visitor, person.user, "reset");
  await proveByEmail(visitor, person.email);
  await askByText(visitor, person.phone);
  return visitor.code(person.phone);
}

async function triesLeft(visitor) {
  return Number((await visitor.words()).match(/You have (\d) tries left/)[1]);
}

async function reachesNewPassword(visitor) {
  const jane = account(visitor, "plain");
  await startWith(visitor, jane.user, "reset");
  await proveByEmail(visitor, jane.email);
  await visitor.sees("Choose a new password");
}

/** The attributes that keyboards, password managers and screen readers go by. */
async function has(visitor, selector, attributes) {
  const field = visitor.page.locator(selector);
  for (const [name, value] of Object.entries(attributes)) {
    same(await field.getAttribute(name), value, `${selector}: ${name}`);
  }
}

export const walks = [
  {
    name: "back, reload and double click spend nothing",
    async body(visitor) {
      const code = await reachesSecondCode(visitor);
      const before = await triesLeft(visitor);
      await visitor.fill("code", wrong(code));
      const button = visitor.page.getByRole("button", { name: "Next", exact: true });
      await visitor.arriving(() => button.dblclick());
      await visitor.visit("/flow");
      const after = await triesLeft(visitor);
      sure(before - after <= 1, `two presses cost ${before - after} tries`);
      await visitor.page.reload();
      same(await triesLeft(visitor), after, "the tries after a reload");
      await visitor.page.goBack({ waitUntil: "load" });
      await visitor.visit("/flow");
      same(await triesLeft(visitor), after, "the tries after going back");
      await answer(visitor, code);
      await visitor.sees("Choose a new password");
    },
  },
  {
    name: "nothing of a finished journey comes back",
    gates: 1,
    async body(visitor) {
      await reachesNewPassword(visitor);
      await typeNewPassword(visitor, NEW_PASSWORD);
      await waitUntilSaved(visitor);
      await visitor.sees("Your password has been changed");
      for (let step = 0; step < 4; step += 1) {
        await visitor.page.goBack({ waitUntil: "load" }).catch(() => {});
        const source = await visitor.page.content();
        sure(!source.includes(NEW_PASSWORD), "the password is in the history");
        const forms = await visitor.page.locator('form[action^="/flow/"]').count();
        same(forms, 0, `a form of the journey is back at step ${step}: ${await visitor.heading()}`);
      }
    },
  },
  {
    name: "a password can be looked at while it is typed",
    gates: 1,
    async body(visitor) {
      await reachesNewPassword(visitor);
      const type = () => visitor.page.locator("#password").getAttribute("type");
      const again = visitor.page.locator("#again");
      if (!visitor.hasScript) {
        same(await visitor.page.getByRole("button", { name: "Show password" }).count(), 0, "switches");
        return;
      }
      await visitor.fill("password", NEW_PASSWORD);
      await visitor.toggle("Show password");
      same(await type(), "text", "the type of the field when shown");
      same(await again.isVisible(), false, "who sees it must type it twice");
      await visitor.examine("shown");
      await visitor.toggle("Hide password");
      same(await type(), "password", "the type of the field when hidden");
      same(await again.isVisible(), true, "the second field stays away");
      await visitor.toggle("Show password");
      await visitor.press("Save new password");
      await waitUntilSaved(visitor);
      await visitor.sees("Your password has been changed");
    },
  },
  {
    name: "the rules are judged while typing",
    gates: 1,
    async body(visitor) {
      await reachesNewPassword(visitor);
      sure((await visitor.page.locator("#rules li").count()) > 2, "too few rules are named");
      if (visitor.hasScript) await rulesFollow(visitor);
      const max = account(visitor, "mustChange");
      await signIn(visitor, max.user, max.password);
      await visitor.sees("Your password must be changed");
      if (visitor.hasScript) await rulesFollow(visitor);
    },
  },
  {
    name: "the name in a link is filled in",
    async body(visitor) {
      for (const path of ["/reset?user=", "/unlock?user=", "/forgot?username=", "/signin?user="]) {
        await visitor.visit(`${path}jane.doe`);
        same(await visitor.page.locator("#user").inputValue(), "jane.doe", `the name at ${path}`);
      }
    },
  },
  {
    name: "a language is chosen and kept",
    async body(visitor) {
      await visitor.visit("/reset");
      await visitor.press("Deutsch");
      await visitor.sees("Zurück in Ihr Konto");
      same(await visitor.page.locator("html").getAttribute("lang"), "de", "the language of the page");
      await visitor.visit("/signin");
      await visitor.reads("Passwort vergessen?");
      await visitor.examine("de");
      await visitor.press("English");
      await visitor.reads("Forgot your password?");
    },
  },
  {
    name: "keyboards and password managers find their way",
    gates: 1,
    async body(visitor) {
      await visitor.visit("/signin");
      await has(visitor, "#user", { autocomplete: "username", autocapitalize: "none" });
      await has(visitor, "#password", { autocomplete: "current-password", type: "password" });
      const jane = account(visitor, "plain");
      await startWith(visitor, jane.user, "reset");
      await visitor.choose("method", "text");
      await visitor.press("Next");
      await has(visitor, "#address", { autocomplete: "tel", type: "tel" });
      await visitor.press("Use another way");
      await visitor.choose("method", "email");
      await visitor.press("Next");
      await has(visitor, "#address", { autocomplete: "email", type: "email" });
      await visitor.fill("address", jane.email);
      await visitor.page.locator("#address").focus();
      await visitor.arriving(() => visitor.page.keyboard.press("Enter"));
      await has(visitor, "#code", { autocomplete: "one-time-code", inputmode: "numeric" });
      await answer(visitor, await visitor.code(jane.email));
      await visitor.sees("Choose a new password");
      await has(visitor, 'input[autocomplete="username"]', { value: jane.user });
      await has(visitor, "#password", { autocomplete: "new-password" });
      await has(visitor, "#again", { autocomplete: "new-password" });
    },
  },
  {
    name: "the keyboard alone is enough, and errors take the focus",
    async body(visitor) {
      await visitor.visit("/signin");
      await visitor.page.keyboard.press("Tab");
      const focused = () => visitor.page.evaluate(() => document.activeElement.textContent.trim());
      same(await focused(), "Skip to the content", "the first stop of the keyboard");
      await startReset(visitor, "");
      const isSummary = () => visitor.page.evaluate(() => document.activeElement.className);
      same(await isSummary(), "summary", "where the focus is after an error");
      await visitor.page.locator(".summary a").click();
      same(await visitor.page.evaluate(() => document.activeElement.id), "user", "the field");
    },
  },
];

/** The states of the rules change with what is typed. */
async function rulesFollow(visitor) {
  const met = visitor.page.locator('#rules li[data-state="met"]');
  await visitor.fill("password", "a");
  await visitor.page.locator('#rules li[data-state="not-yet"]').first().waitFor();
  const before = await met.count();
  await visitor.fill("password", NEW_PASSWORD);
  await visitor.page.waitForFunction(
    (count) => document.querySelectorAll('#rules li[data-state="met"]').length > count,
    before,
  );
  await visitor.examine("typing");
}
