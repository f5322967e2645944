/**
 * `npm run bench:plots`: draws docs/performance/*.svg from the newest results, those of this machine
 * or those that are published.
 */
import { writePlots } from "./write-plots.ts";
import { newestOf, ownResults, publishedResults } from "./results.ts";

for (const file of writePlots(newestOf([...publishedResults(), ...ownResults()])))
  console.log(file);
