import {
  ConditionsTable,
  DetailsGrid,
  Link,
  SectionBox,
  SimpleTable,
} from "@kinvolk/headlamp-plugin/lib/CommonComponents";
import type { ReactElement, ReactNode } from "react";
import { useParams } from "react-router-dom";
import { Address, State } from "./app-list.tsx";
import { appRow } from "../app-row.ts";
import { troublesOf } from "../app-trouble.ts";
import { SpinApp, usePods } from "./spin-app.ts";

/** One SpinApp: how it is, what is wrong and what to do, its pods, conditions and events. */
export function AppDetail(): ReactElement {
  const { name = "", namespace = "" } = useParams<{ name: string; namespace: string }>();
  return (
    <DetailsGrid
      resourceType={SpinApp}
      name={name}
      namespace={namespace}
      withEvents
      extraInfo={(app) => (app === null ? [] : infoRows(app))}
      extraSections={(app) =>
        app === null
          ? []
          : [
              { id: "whorl.trouble", section: <Troubles app={app} /> },
              { id: "whorl.pods", section: <Pods app={app} /> },
              {
                id: "whorl.conditions",
                section: (
                  <SectionBox title="Conditions">
                    <ConditionsTable resource={app.jsonData} />
                  </SectionBox>
                ),
              },
            ]
      }
    />
  );
}

function infoRows(app: SpinApp): { name: string; value: ReactNode; hide?: boolean }[] {
  const { pods, url, image, executor } = appRow(app.json);
  const { deploymentName, jobName, serviceName, imageDigest } = app.json.status ?? {};
  return [
    { name: "Status", value: <State app={app} /> },
    { name: "Ready", value: pods },
    { name: "URL", value: <Address url={url} />, hide: url === undefined },
    { name: "Image", value: image },
    { name: "Digest", value: imageDigest ?? "", hide: imageDigest === undefined },
    { name: "Executor", value: executor },
    childRow(app, "Deployment", deploymentName),
    childRow(app, "Job", jobName),
    childRow(app, "Service", serviceName),
  ];
}

function childRow(
  app: SpinApp,
  kind: "Deployment" | "Job" | "Service",
  name: string | undefined,
): { name: string; value: ReactNode; hide: boolean } {
  return {
    name: kind,
    value: <Named app={app} kind={kind} name={name} />,
    hide: name === undefined,
  };
}

interface NamedProps {
  readonly app: SpinApp;
  readonly kind: "Deployment" | "Job" | "Service" | "Pod";
  readonly name: string | undefined;
}

/** A link to an object of the app's namespace. */
function Named({ app, kind, name = "" }: NamedProps): ReactElement {
  const params = { namespace: app.getNamespace() ?? "", name };
  // Headlamp's names of its pages.
  const routeName = kind === "Service" ? "service" : kind;
  return (
    <Link routeName={routeName} params={params} activeCluster={app.cluster}>
      {name}
    </Link>
  );
}

function Troubles({ app }: { readonly app: SpinApp }): ReactNode {
  const troubles = troublesOf(app.json, usePods(app));
  if (troubles.length === 0) return null;
  return (
    <SectionBox title="What is wrong">
      <SimpleTable
        data={[...troubles]}
        columns={[
          { label: "Of", datum: "about" },
          { label: "Reason", datum: "reason" },
          { label: "Message", datum: "message" },
          { label: "What to do", datum: "remedy" },
        ]}
      />
    </SectionBox>
  );
}

function Pods({ app }: { readonly app: SpinApp }): ReactElement {
  const rows = usePods(app).map(({ metadata, spec, status }) => ({
    name: metadata.name,
    node: spec?.nodeName ?? "",
    phase: status?.phase ?? "",
    restarts: (status?.containerStatuses ?? []).reduce(
      (sum, { restartCount = 0 }) => sum + restartCount,
      0,
    ),
  }));
  return (
    <SectionBox title="Pods">
      <SimpleTable
        data={rows}
        columns={[
          {
            label: "Name",
            getter: ({ name }: { name: string }) => <Named app={app} kind="Pod" name={name} />,
          },
          { label: "Phase", datum: "phase" },
          { label: "Node", datum: "node" },
          { label: "Restarts", datum: "restarts" },
        ]}
        emptyMessage="It has no pods."
      />
    </SectionBox>
  );
}
