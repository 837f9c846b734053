// Made by the build: what Python answers to what the page asks first, packed, by name.
export const ANSWERS: Record<string, string>;
