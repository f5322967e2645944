import { defaultHttpPort, httpPortName, readyLabel } from "../api/names.ts";
import type { SpinApp } from "../api/spin-app.ts";
import { childMeta, controllerReference } from "./manifest.ts";
import type { Manifest } from "./manifest.ts";

/** The Service of an app, which has the app's name. */
export function service(app: SpinApp): Manifest {
  const { service: settings = {}, serviceAnnotations } = app.spec;
  const annotations = { ...serviceAnnotations, ...settings.annotations };
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: childMeta(app, { annotations, ownerReferences: [controllerReference(app)] }),
    spec: {
      type: settings.type ?? "ClusterIP",
      ports: [
        {
          protocol: "TCP",
          port: settings.port ?? defaultHttpPort,
          targetPort: httpPortName,
          ...(settings.appProtocol === undefined ? {} : { appProtocol: settings.appProtocol }),
        },
      ],
      selector: { [readyLabel(app.metadata.name)]: "ready" },
    },
  };
}
