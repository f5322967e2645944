/** Every benchmark, in the order in which they run and stand on the page. */
export const benchmarks: readonly string[] = [
  ...["cold", "http", "seventy", "two-cores", "density", "node", "noisy", "bodies", "growth"],
  ...["soak", "engine", "spin", "images", "operator", "telemetry", "cluster"],
];
