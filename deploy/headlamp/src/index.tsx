/** What Headlamp loads: an entry in its sidebar, a list of SpinApps, and a page for each. */
import { registerRoute, registerSidebarEntry } from "@kinvolk/headlamp-plugin/lib";
import { AppDetail } from "./views/app-detail.tsx";
import { AppList } from "./views/app-list.tsx";

registerSidebarEntry({
  parent: null,
  name: "whorl",
  label: "SpinApps",
  icon: "mdi:hexagon-multiple-outline",
  url: "/spinapps",
});

registerRoute({
  path: "/spinapps",
  sidebar: "whorl",
  name: "spinapps",
  exact: true,
  component: AppList,
});

registerRoute({
  path: "/spinapps/:namespace/:name",
  sidebar: "whorl",
  name: "spinapp",
  exact: true,
  component: AppDetail,
});
