import { render } from "preact";
import { ConsoleClient } from "./api/console-client.ts";
import { keepToken, takeToken } from "./api/token.ts";
import { Fleet } from "./live/fleet.ts";
import { Shell } from "./shell/shell.tsx";

let token = takeToken({ location, history, storage: sessionStorage });
const client = new ConsoleClient(fetch.bind(globalThis), () => token);
const root = document.querySelector("#page");
if (root === null) throw new Error("page.html has no place for the page");
root.replaceChildren();
render(
  <Shell
    client={client}
    fleet={new Fleet()}
    onToken={(given) => {
      keepToken(sessionStorage, given);
      token = given;
    }}
  />,
  root,
);
