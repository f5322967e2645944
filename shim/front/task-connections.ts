import type { TtrpcConnection } from "../ttrpc/server.ts";

/** Over which connections a container is talked about; they are cut when it is lost. */
export class TaskConnections {
  readonly #byTask = new Map<string, Set<TtrpcConnection>>();

  /** Until the connection is closed. */
  add(task: string, connection: TtrpcConnection): void {
    const known = this.#byTask.get(task);
    if (known?.has(connection) === true) return;
    const connections = known ?? new Set();
    connections.add(connection);
    this.#byTask.set(task, connections);
    const remove = (): void => {
      connections.delete(connection);
      if (connections.size === 0 && this.#byTask.get(task) === connections) {
        this.#byTask.delete(task);
      }
    };
    connection.closed.addEventListener("abort", remove, { once: true });
  }

  /** Containers that are talked about over a connection. */
  tasksOf(connection: TtrpcConnection): readonly string[] {
    return [...this.#byTask].flatMap(([task, known]) => (known.has(connection) ? [task] : []));
  }

  /** Nothing is known of the container any more. */
  delete(task: string): void {
    this.#byTask.delete(task);
  }

  /** How containerd hears that a container is lost. */
  cut(task: string): void {
    for (const connection of this.#byTask.get(task) ?? []) connection.close();
  }
}
