import project from "../package.json" with { type: "json" };

/** Of the project; what was prepared by another one is prepared again. */
export const { version } = project;
