/** What JSON holds; the accessors below read it without trusting its shape. */
export type Json = null | boolean | number | string | Json[] | JsonObject;

export interface JsonObject {
  [key: string]: Json;
}

export function object(value: Json | undefined): JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
}

export function array(value: Json | undefined): Json[] {
  return Array.isArray(value) ? value : [];
}

export function text(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}

export function number(value: Json | undefined): number {
  return typeof value === "number" ? value : 0;
}

/** A dict of texts, such as labels. */
export function texts(value: Json | undefined): Record<string, string> {
  return Object.fromEntries(Object.entries(object(value)).map(([key, item]) => [key, text(item)]));
}

export function parse(source: Buffer | string): Json {
  const content = source.toString("utf8");
  return content.trim() === "" ? null : (JSON.parse(content) as Json);
}
