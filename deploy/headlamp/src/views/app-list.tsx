import { ResourceListView, StatusLabel } from "@kinvolk/headlamp-plugin/lib/CommonComponents";
import type { ReactElement, ReactNode } from "react";
import { appRow } from "../app-row.ts";
import { SpinApp } from "./spin-app.ts";

/** All SpinApps of the namespaces that are chosen. */
export function AppList(): ReactElement {
  return (
    <ResourceListView
      title="SpinApps"
      resourceClass={SpinApp}
      columns={[
        "name",
        "namespace",
        "cluster",
        { id: "pods", label: "Ready", getValue: (app) => appRow(app.json).pods },
        {
          id: "state",
          label: "Status",
          getValue: (app) => appRow(app.json).state,
          render: (app) => <State app={app} />,
        },
        {
          id: "url",
          label: "URL",
          getValue: (app) => appRow(app.json).url,
          render: (app) => <Address url={appRow(app.json).url} />,
        },
        { id: "digest", label: "Digest", getValue: (app) => appRow(app.json).digest },
        { id: "executor", label: "Executor", getValue: (app) => appRow(app.json).executor },
        "age",
      ]}
    />
  );
}

/** Why an app is ready or not: one word, the rest on its title. */
export function State({ app }: { readonly app: SpinApp }): ReactElement {
  const { state, mood, message } = appRow(app.json);
  return (
    <StatusLabel status={mood} title={message}>
      {state}
    </StatusLabel>
  );
}

/** An address to open, in a page that learns nothing of this one. */
export function Address({ url }: { readonly url: string | undefined }): ReactNode {
  if (url === undefined) return null;
  return (
    <a href={url} target="_blank" rel="noopener noreferrer">
      {url}
    </a>
  );
}
