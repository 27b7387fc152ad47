// Opens pages in headless Chromium and says what is wrong with them: `check.mjs TOOLS CHROMIUM PAGE…`. A page that was exported
// runs nothing, asks for nothing beside itself, and has no finding of axe's, light or dark, on a large screen or a small one.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [tools, chromium, ...pages] = process.argv.slice(2);
const require = createRequire(pathToFileURL(`${tools}/package.json`));
const puppeteer = await import(pathToFileURL(require.resolve("puppeteer-core")));
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const browser = await puppeteer.default.launch({ executablePath: chromium, args: ["--no-sandbox", "--disable-gpu"] });
const wrong = [];
for (const path of pages) {
  for (const [scheme, width] of [["light", 1280], ["dark", 1280], ["light", 360]]) {
    const page = await browser.newPage();
    const say = (what) => wrong.push(`${path}, ${scheme}, ${width} px: ${what}`);
    page.on("request", (request) => {
      const url = request.url();
      if (!url.startsWith("data:") && url !== pathToFileURL(path).href) say(`it asks for ${url}`);
    });
    page.on("pageerror", (error) => say(`a script failed: ${error}`));
    page.on("dialog", async (dialog) => { say("a script ran"); await dialog.dismiss(); });
    await page.setViewport({ width, height: 800 });
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
    await page.goto(pathToFileURL(path).href);
    await page.evaluate(() => document.querySelectorAll("details").forEach((details) => { details.open = true; }));
    // What is evaluated from outside is not held by the page's own policy.
    await page.evaluate(axe);
    const found = await page.evaluate(async () => (await globalThis.axe.run()).violations);
    for (const violation of found) {
      say(`${violation.id}: ${violation.help}: ${violation.nodes.slice(0, 3).map((node) => node.html.slice(0, 200)).join(" | ")}`);
    }
    const scrolls = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
    if (scrolls) say("it is wider than the screen");
    await page.close();
  }
}
await browser.close();
console.log(JSON.stringify(wrong));
