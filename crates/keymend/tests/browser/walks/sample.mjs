// The walker, tested on a page of its own.

import { same, sure } from "../runner.mjs";
import { accounts } from "../service.mjs";
import { waitUntilSaved } from "./people.mjs";

export const walk = {
  name: "the walker works",
  async body(visitor) {
    await visitor.visit("/");
    await visitor.sees("Sample");
    await visitor.fill("user", "jane.doe");
    await visitor.choose("method", "text");
    await visitor.press("Next");
    await visitor.sees("Thank you");
    await visitor.reads("jane.doe by text");
    same(await visitor.code("jane@home.example"), "654321", "the code");
    await visitor.visit("/wait");
    await waitUntilSaved(visitor);
    await visitor.page.waitForSelector('input[name="user"]');
    await visitor.sees("Sample");
    await visitor.visit("/bad");
    if (visitor.hasScript) await findsFaults(visitor);
    await sure(await fails(() => visitor.sees("Good")), "a wrong heading is not noticed");
    const table = accounts("| user | password | mobile number | what |\n|-|-|-|-|\n| a.b | s3 cret | +44 7700 900123 | - |");
    same(JSON.stringify(Object.keys(table)), '["a.b"]', "the accounts");
    same(table["a.b"].phone, "+44 7700 900123", "the phone");
  },
};

/** axe is a script, too. */
async function findsFaults(visitor) {
  await visitor.bringAxe();
  const violations = await visitor.violations();
  sure(violations.some((one) => one.startsWith("label:")), `axe sees nothing: ${violations}`);
}

async function fails(deed) {
  return deed().then(
    () => false,
    () => true,
  );
}
