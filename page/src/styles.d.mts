// Made by the build from style.css, for a root of its own.
export const CSS: string;
