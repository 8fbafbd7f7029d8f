// Opens a page in headless Chromium and tells what a reader would see: `node look.mjs PAGE FOLDER`, JSON on stdout, screenshots in FOLDER.
// Run in the folder that browser.py installs the packages in. TMPDIR is where the browser is unpacked.
import { createRequire } from "node:module";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tmpdir } from "node:os";
import { pathToFileURL } from "node:url";

const require = createRequire(join(process.cwd(), "look.mjs"));
const { chromium } = require("playwright-core");
const axe = require.resolve("axe-core/axe.min.js");

const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const VIEWS = [
  { name: "light", colorScheme: "light", width: 1200 },
  { name: "dark", colorScheme: "dark", width: 1200 },
  { name: "phone-light", colorScheme: "light", width: 400 },
  { name: "phone-dark", colorScheme: "dark", width: 400 },
];
// Of one step, against hanging only: a busy machine takes more than Playwright's own 30 s for a screenshot.
const TIMEOUT_MS = 240_000;
// A page is opened from a file: nothing of it is anybody's but ours. Root may not use the sandbox, and containers often have none.
const ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic"];

// The package's own configuration looks for fonts in Lambda's folders alone; without one no letter is drawn, and nothing complains.
function fonts() {
  const file = join(tmpdir(), "own-fonts.conf");
  const folders = [join(tmpdir(), "fonts"), "/usr/share/fonts"].map((folder) => `<dir>${folder}</dir>`).join("");
  writeFileSync(file, `<?xml version="1.0"?><fontconfig>${folders}<cachedir>${join(tmpdir(), "fonts-cache")}</cachedir></fontconfig>`);
  return file;
}

async function launch() {
  const own = process.env.BROWSER_PATH;
  if (own) return chromium.launch({ executablePath: own, args: ARGUMENTS, timeout: TIMEOUT_MS });
  process.env.AWS_EXECUTION_ENV = "AWS_Lambda_nodejs24.x"; // so that the package unpacks its fonts and libraries, too
  const packed = (await import(pathToFileURL(require.resolve("@sparticuz/chromium")))).default;
  const executablePath = await packed.executablePath();
  const libraries = join(tmpdir(), "al2023", "lib");
  const environment = { ...process.env, FONTCONFIG_FILE: fonts() };
  try {
    return await chromium.launch({ executablePath, args: ARGUMENTS, timeout: TIMEOUT_MS, env: { ...environment, LD_LIBRARY_PATH: "" } });
  } catch (error) {
    if (!existsSync(libraries)) throw error;
    return await chromium.launch({ executablePath, args: ARGUMENTS, timeout: TIMEOUT_MS, env: { ...environment, LD_LIBRARY_PATH: libraries } });
  }
}

// On a busy machine Chromium sometimes has no frame to copy. It says so, and has one soon.
async function shoot(tab, path) {
  for (let left = 4; ; left--) {
    try {
      return await tab.screenshot({ path, fullPage: true });
    } catch (error) {
      if (!left || !error.message.includes("Unable to capture screenshot")) throw error;
      await tab.waitForTimeout(1000);
    }
  }
}

async function look(browser, page, folder, { name, colorScheme, width }) {
  // axe is put into the page, which its own policy forbids to every script.
  const context = await browser.newContext({ colorScheme, viewport: { width, height: 900 }, bypassCSP: true });
  const tab = await context.newPage();
  tab.setDefaultTimeout(TIMEOUT_MS);
  const said = [];
  const requests = [];
  tab.on("console", (message) => said.push(`${message.type()}: ${message.text()}`));
  tab.on("pageerror", (error) => said.push(`error: ${error.message}`));
  tab.on("request", (request) => requests.push(request.url()));
  await tab.goto(page);
  const across = async () => (await tab.evaluate(() => document.documentElement.scrollWidth)) - width;
  const overflow = [await across()];
  await shoot(tab, join(folder, `${name}.png`));
  await tab.evaluate(() => document.querySelectorAll("details").forEach((one) => (one.open = true)));
  overflow.push(await across());
  // The smallest text in a visible drawing, in the reader's pixels.
  const smallest = await tab.evaluate(() => {
    const sizes = [...document.querySelectorAll("svg text")].flatMap((text) => {
      const drawing = text.ownerSVGElement.getBoundingClientRect();
      if (!drawing.width) return [];
      return [parseFloat(getComputedStyle(text).fontSize) * (drawing.width / text.ownerSVGElement.viewBox.baseVal.width)];
    });
    return Math.min(...sizes);
  });
  // Text of a drawing that leaves its drawing or the box around it.
  const outside = await tab.evaluate(() =>
    [...document.querySelectorAll("svg")].flatMap((drawing) => {
      const edge = drawing.getBoundingClientRect();
      if (!edge.width) return [];
      return [...drawing.querySelectorAll("text")]
        .filter((text) => {
          const own = text.getBoundingClientRect();
          return own.left < edge.left - 1 || own.right > edge.right + 1 || own.top < edge.top - 1 || own.bottom > edge.bottom + 1;
        })
        .map((text) => text.textContent);
    }),
  );
  // A table that leaves the box around it.
  outside.push(
    ...(await tab.evaluate(() =>
      [...document.querySelectorAll("details table")]
        .filter((table) => table.getBoundingClientRect().right > table.parentElement.getBoundingClientRect().right)
        .map((table) => table.caption.textContent),
    )),
  );
  // What 20 letters take: nothing where there is no font, and then a page of boxes passes for one that can be read.
  const letters = await tab.evaluate(() => {
    const brush = document.createElement("canvas").getContext("2d");
    brush.font = getComputedStyle(document.body).font;
    return brush.measureText("m".repeat(20)).width;
  });
  const background = await tab.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await tab.addScriptTag({ path: axe });
  const violations = await tab.evaluate(async (rules) => {
    const { violations, passes } = await window.axe.run(document, { runOnly: rules, resultTypes: ["violations"] });
    return {
      passes: passes.length,
      violations: violations.map((one) => ({ id: one.id, nodes: one.nodes.map((node) => `${node.html} ${node.failureSummary}`.slice(0, 400)) })),
    };
  }, RULES);
  // Of all details it is long, and takes as much as everything else does: for who looks for what axe has found.
  if (violations.violations.length) await shoot(tab, join(folder, `${name}-open.png`));
  await context.close();
  return { name, said, requests, overflow, smallest, outside, letters, background, axe: violations };
}

const [page, folder] = process.argv.slice(2);
const browser = await launch();
try {
  const views = [];
  for (const view of VIEWS) views.push(await look(browser, pathToFileURL(page).href, folder, view));
  console.log(JSON.stringify({ browser: browser.version(), views }));
} finally {
  await browser.close();
}
