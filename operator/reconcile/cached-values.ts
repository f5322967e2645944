import type { ReferencedValues } from "../desired/runtime-config.ts";
import type { Watched } from "./watched.ts";
import { isDigest } from "./compact.ts";

type Strings = Readonly<Record<string, string>>;

/** Values of the ConfigMaps and Secrets of a namespace, from the caches. */
export function cachedValues(watched: Watched, namespace: string): ReferencedValues {
  return {
    configMap: (name) => watched.configMaps.store.get(`${namespace}/${name}`)?.data,
    secret: (name) => {
      const found = watched.secrets.store.get(`${namespace}/${name}`);
      return found === undefined ? undefined : decodedData(found.data ?? {});
    },
  };
}

/** Of a long value only the digest is there, which is no base64. */
function decodedData(data: Strings): Strings {
  const decoded: Record<string, string> = {};
  for (const [key, value] of Object.entries(data)) {
    decoded[key] = isDigest(value) ? value : Buffer.from(value, "base64").toString();
  }
  return decoded;
}
