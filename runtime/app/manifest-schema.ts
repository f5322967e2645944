/**
 * Shape of manifest version 2 as JSON Schema. Only shape: what needs other parts of the manifest
 * or the file system is checked by build-*.ts. Unions are written as a list of types,
 * because `oneOf` reports the mistakes of every branch.
 */
const text = { type: "string" } as const;
const flag = { type: "boolean" } as const;
const texts = { type: "array", items: text } as const;
const textMap = { type: "object", additionalProperties: text } as const;
const freeTable = { type: "object" } as const;
const freeList = { type: "array" } as const;

function table(properties: Record<string, object>, required: readonly string[] = []): object {
  return { type: "object", properties, required, additionalProperties: false };
}

/** The keywords about keys apply only if the value is a table. */
function textOr(shape: object): object {
  return { ...shape, type: ["string", "object"] };
}

const source = textOr(
  table({ url: text, digest: text, registry: text, package: text, version: text }),
);

const build = table(
  {
    command: { type: ["string", "array"], items: text },
    workdir: text,
    watch: texts,
  },
  ["command"],
);

const component = table(
  {
    source,
    description: text,
    variables: textMap,
    environment: textMap,
    files: {
      type: "array",
      items: textOr(table({ source: text, destination: text }, ["source", "destination"])),
    },
    exclude_files: texts,
    allowed_outbound_hosts: texts,
    allowed_http_hosts: texts,
    key_value_stores: texts,
    sqlite_databases: texts,
    ai_models: texts,
    build,
    tool: freeTable,
    targets: freeList,
    dependencies: freeTable,
    dependencies_inherit_configuration: flag,
    profile: freeTable,
  },
  ["source"],
);

/** Two places have components: as a reference it is compiled only once. */
const componentReference = { $ref: "#/definitions/component" };

const httpTrigger = table({
  id: text,
  route: textOr(table({ private: flag }, ["private"])),
  component: { type: ["string", "object"], ...componentReference },
  components: freeTable,
  dependencies: freeTable,
  static_response: table({
    status_code: { type: "integer", minimum: 200, maximum: 999 },
    headers: textMap,
    body: text,
  }),
  executor: table({ type: text, argv: text, entrypoint: text }, ["type"]),
});

const manifest = table(
  {
    spin_manifest_version: { type: "integer" },
    application: table(
      {
        name: text,
        version: text,
        description: text,
        authors: texts,
        targets: freeList,
        tool: freeTable,
        trigger: {
          type: "object",
          properties: { http: table({ base: text }) },
          additionalProperties: freeTable,
        },
      },
      ["name"],
    ),
    variables: {
      type: "object",
      additionalProperties: table({
        default: text,
        required: flag,
        secret: flag,
        description: text,
      }),
    },
    trigger: {
      type: "object",
      properties: { http: { type: "array", items: httpTrigger } },
      additionalProperties: { type: "array", items: freeTable },
    },
    component: {
      type: "object",
      additionalProperties: { type: "object", ...componentReference },
    },
  },
  ["spin_manifest_version", "application"],
);

export const manifestSchema: object = {
  ...manifest,
  definitions: { component: { ...component, type: ["string", "object"] } },
};
