import { HttpService, type ServiceAnswer, type ServiceRequest } from "./http-service.ts";

export interface CosmosServer extends AsyncDisposable {
  readonly endpoint: string;
  /** Base64, as account keys are. */
  readonly key: string;
  /** Documents of each container by id: `<database>/<container>`. */
  readonly containers: Map<string, Map<string, Document>>;
}

interface Document extends Record<string, unknown> {
  readonly id: string;
  readonly _etag: string;
}

/**
 * Speaks the part of Azure Cosmos DB's REST API that keeps documents of containers with the
 * partition key `/id`, one page of results and no indexes: the emulator is no package.
 */
export async function startCosmos(): Promise<CosmosServer> {
  let version = 0;
  const service = await HttpService.start((request) =>
    answer(cosmos, request, () => `"${++version}"`),
  );
  const cosmos: CosmosServer = {
    endpoint: `${service.url}/`,
    key: Buffer.from("account key").toString("base64"),
    containers: new Map(),
    [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
  };
  return cosmos;
}

function failed(status: number, code: string): ServiceAnswer {
  return { status, body: { code, message: code } };
}

function answer(
  { containers }: CosmosServer,
  request: ServiceRequest,
  newTag: () => string,
): ServiceAnswer {
  if (!request.header("authorization")?.startsWith("type%3Dmaster")) {
    return failed(401, "Unauthorized");
  }
  const path = /^\/dbs\/([^/]+)\/colls\/([^/]+)(?:\/(docs|pkranges)(?:\/(.+))?)?$/.exec(
    request.path,
  );
  if (path === null)
    return request.path === "/" ? { status: 200, body: account } : failed(404, "NotFound");
  const documents = containers.get(`${path[1]}/${path[2]}`);
  if (documents === undefined) return failed(404, "NotFound");
  if (path[3] === undefined) return { status: 200, body: containerOf(path[2] ?? "") };
  if (path[3] === "pkranges") return { status: 200, body: ranges };
  const id = path[4];
  if (id === undefined) return collectionAnswer(documents, request, newTag);
  return documentAnswer(documents, id, request, newTag);
}

const account = {
  id: "test",
  writableLocations: [],
  readableLocations: [],
  userConsistencyPolicy: { defaultConsistencyLevel: "Session" },
};

const range = { id: "0", minInclusive: "", maxExclusive: "FF", _rid: "r" };
const ranges = { _rid: "c", PartitionKeyRanges: [range], _count: 1 };

const queryPlan = {
  partitionedQueryExecutionInfoVersion: 2,
  queryInfo: {
    distinctType: "None",
    orderBy: [],
    orderByExpressions: [],
    groupByExpressions: [],
    aggregates: [],
    hasSelectValue: false,
    rewrittenQuery: "",
  },
  queryRanges: [{ min: "", max: "FF", isMinInclusive: true, isMaxInclusive: false }],
};

function containerOf(id: string): object {
  return { id, _rid: "c", partitionKey: { paths: ["/id"], kind: "Hash", version: 2 } };
}

/** POST: a query for all ids, its plan, or a new document. */
function collectionAnswer(
  documents: Map<string, Document>,
  request: ServiceRequest,
  newTag: () => string,
): ServiceAnswer {
  if (request.header("x-ms-cosmos-is-query-plan-request") !== undefined) {
    return { status: 200, body: queryPlan };
  }
  if (request.header("content-type") === "application/query+json") {
    const found = [...documents.keys()].map((id) => ({ id }));
    return { status: 200, body: { _rid: "c", Documents: found, _count: found.length } };
  }
  const given = request.body as Document;
  const partition: unknown = JSON.parse(request.header("x-ms-documentdb-partitionkey") ?? "null");
  if (!Array.isArray(partition) || partition[0] !== given.id) return failed(400, "BadRequest");
  const isUpsert = request.header("x-ms-documentdb-is-upsert") === "true";
  const isNew = !documents.has(given.id);
  if (!isNew && !isUpsert) return failed(409, "Conflict");
  return stored(documents, { ...given, _etag: newTag() }, isNew ? 201 : 200);
}

function documentAnswer(
  documents: Map<string, Document>,
  id: string,
  request: ServiceRequest,
  newTag: () => string,
): ServiceAnswer {
  const document = documents.get(id);
  if (document === undefined) return failed(404, "NotFound");
  const expected = request.header("if-match");
  if (expected !== undefined && expected !== document._etag)
    return failed(412, "PreconditionFailed");
  switch (request.method) {
    case "GET":
      return { status: 200, headers: { etag: document._etag }, body: document };
    case "DELETE":
      documents.delete(id);
      return { status: 204 };
    case "PUT":
      return stored(documents, { ...(request.body as Document), _etag: newTag() }, 200);
    default:
      return patched(documents, document, request.body, newTag());
  }
}

function patched(
  documents: Map<string, Document>,
  document: Document,
  body: unknown,
  _etag: string,
): ServiceAnswer {
  const operations = Array.isArray(body) ? body : (body as { operations: unknown[] }).operations;
  const { op, path, value } = operations[0] as { op: string; path: string; value: number };
  const field = path.slice(1);
  const old = document[field];
  if (op !== "incr" || typeof old !== "number") return failed(400, "BadRequest");
  return stored(documents, { ...document, [field]: old + value, _etag }, 200);
}

function stored(
  documents: Map<string, Document>,
  document: Document,
  status: number,
): ServiceAnswer {
  documents.set(document.id, document);
  return { status, headers: { etag: document._etag }, body: document };
}
