import { apiVersion } from "../api/names.ts";
import type { SpinApp } from "../api/spin-app.ts";
import type { SpinAppExecutor } from "../api/spin-app-executor.ts";
import type { KubeObject } from "../kube/object.ts";
import { resourceType } from "../kube/resource.ts";
import type { ResourceType } from "../kube/resource.ts";
import type {
  ObservedDeployment,
  ObservedEvent,
  ObservedJob,
  ObservedPod,
} from "../status/observed.ts";

/** An object with text (ConfigMap) or base64 (Secret) under keys. */
export interface DataObject extends KubeObject {
  readonly type?: string;
  readonly data?: Readonly<Record<string, string>>;
}

export interface EventObject extends KubeObject, ObservedEvent {}

export const spinApps = resourceType<SpinApp>({ apiVersion, kind: "SpinApp", plural: "spinapps" });
export const spinAppExecutors = resourceType<SpinAppExecutor>({
  apiVersion,
  kind: "SpinAppExecutor",
  plural: "spinappexecutors",
});
export const deployments = resourceType<ObservedDeployment>({
  apiVersion: "apps/v1",
  kind: "Deployment",
  plural: "deployments",
});
export const services = resourceType({ apiVersion: "v1", kind: "Service", plural: "services" });
export const secrets = resourceType<DataObject>({
  apiVersion: "v1",
  kind: "Secret",
  plural: "secrets",
});
export const configMaps = resourceType<DataObject>({
  apiVersion: "v1",
  kind: "ConfigMap",
  plural: "configmaps",
});
export const pods = resourceType<ObservedPod>({ apiVersion: "v1", kind: "Pod", plural: "pods" });
export const events = resourceType<EventObject>({
  apiVersion: "v1",
  kind: "Event",
  plural: "events",
});
export const jobs = resourceType<ObservedJob>({
  apiVersion: "batch/v1",
  kind: "Job",
  plural: "jobs",
});
export const cronJobs = resourceType<ObservedJob>({
  apiVersion: "batch/v1",
  kind: "CronJob",
  plural: "cronjobs",
});
export const autoscalers = resourceType({
  apiVersion: "autoscaling/v2",
  kind: "HorizontalPodAutoscaler",
  plural: "horizontalpodautoscalers",
});
export const disruptionBudgets = resourceType({
  apiVersion: "policy/v1",
  kind: "PodDisruptionBudget",
  plural: "poddisruptionbudgets",
});

/** Kinds of children that are applied and, when no longer wanted, deleted. */
export const childTypes: Readonly<Record<string, ResourceType>> = {
  Deployment: deployments,
  Service: services,
  Job: jobs,
  CronJob: cronJobs,
  HorizontalPodAutoscaler: autoscalers,
  PodDisruptionBudget: disruptionBudgets,
};
