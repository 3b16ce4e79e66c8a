// Runs walks side by side and says how they went; the last line is for programs.

const WALK_MS_MAX = 300_000;

/** Runs all of `{ name, run }`, `atOnce` of them at a time, and gives the number that failed. */
export async function runAll(walks, atOnce) {
  const waiting = [...walks];
  let passed = 0;
  let failed = 0;
  const worker = async () => {
    for (let walk = waiting.shift(); walk; walk = waiting.shift()) {
      const began = Date.now();
      try {
        await inTime(walk.run());
        passed += 1;
        console.log(`ok   ${walk.name} (${Date.now() - began} ms)`);
      } catch (fault) {
        failed += 1;
        console.log(`FAIL ${walk.name} (${Date.now() - began} ms)\n${indented(fault.message)}`);
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  console.log(`${passed} passed, ${failed} failed`);
  return failed;
}

/** A walk that hangs must not keep the others waiting. */
async function inTime(walk) {
  let timer;
  const tooLong = new Promise((_, reject) => {
    const fault = new Error(`took longer than ${WALK_MS_MAX / 1000} s`);
    timer = setTimeout(reject, WALK_MS_MAX, fault);
  });
  await Promise.race([walk, tooLong]).finally(() => clearTimeout(timer));
}

/** Ends the walk unless the two are the same. */
export function same(found, expected, what) {
  if (found !== expected) {
    throw new Error(`${what}\n  expected: ${expected}\n  found:    ${found}`);
  }
}

/** Ends the walk unless `holds`. */
export function sure(holds, what) {
  if (!holds) throw new Error(what);
}

function indented(text) {
  return text.replace(/^/gm, "     ");
}
