// oxlint-disable-next-line typescript/no-explicit-any -- a WebAssembly function: types are in the plan
export type CoreFunction = (...values: any[]) => any;
