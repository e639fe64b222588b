import { type Expression, fulfils, parseExpression } from "./expression.ts";

/** A node as the scheduler sees it. */
export interface Candidate {
  readonly name: string;
  readonly healthy: boolean;
  readonly labels: Readonly<Record<string, string>>;
  /** With those that are being made. */
  readonly containers: readonly Placed[];
  readonly images: readonly string[];
}

/** A container on its node, as far as placing others depends on it. */
export interface Placed {
  readonly id: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly hostPorts: readonly string[];
}

export interface Wish {
  readonly constraints: readonly string[];
  readonly affinities: readonly string[];
  readonly hostPorts: readonly string[];
  /** Containers whose volumes, links or network it shares: it has to be where they are. */
  readonly dependencies: readonly string[];
}

export type Strategy = "spread" | "binpack" | "random";

/** Chooses the node for a container. @throws Error that lists the conditions that no node fulfils. */
export function chooseNode<T extends Candidate>(nodes: readonly T[], wish: Wish, strategy: Strategy): T {
  const constraints = wish.constraints.map(parseExpression);
  const affinities = wish.affinities.map(parseExpression);
  // Wishes are dropped together when they cannot be fulfilled together.
  const fitting = filtered(nodes, wish, constraints, affinities);
  const hard = (all: readonly Expression[]) => all.filter((each) => !each.soft);
  const usable = fitting.length > 0 ? fitting : filtered(nodes, wish, hard(constraints), hard(affinities));
  const chosen = ranked(usable, strategy)[0];
  if (!chosen) {
    if (!nodes.some((node) => node.healthy)) throw new Error("No healthy node available in the cluster");
    const conditions = [...constraints, ...affinities].filter((each) => !each.soft).map((each) => each.source);
    conditions.push(...wish.hostPorts.map((port) => `port ${port.split("/")[1]} (Host mode) free`));
    throw new Error(`Unable to find a node that satisfies the following conditions \n[${conditions.join(" ")}]`);
  }
  return chosen;
}

function filtered<T extends Candidate>(
  nodes: readonly T[],
  wish: Wish,
  constraints: readonly Expression[],
  affinities: readonly Expression[],
): T[] {
  return nodes.filter(
    (node) =>
      node.healthy &&
      wish.hostPorts.every((port) => !node.containers.some((each) => each.hostPorts.includes(port))) &&
      wish.dependencies.every((name) => node.containers.some((each) => isCalled(each, name))) &&
      constraints.every((each) => fulfils(each, constraintValues(node, each.key))) &&
      affinities.every((each) => fulfils(each, affinityValues(node, each.key))),
  );
}

function constraintValues(node: Candidate, key: string): string[] {
  if (key === "node") return [node.name];
  const value = Object.entries(node.labels).find(([name]) => name.toLowerCase() === key.toLowerCase())?.[1];
  return value === undefined ? [] : [value];
}

function affinityValues(node: Candidate, key: string): string[] {
  if (key === "container") return node.containers.flatMap((each) => [each.id, each.name]);
  if (key === "image") return [...node.images, ...node.images.map((image) => image.replace(/:[^:/]+$/, ""))];
  return node.containers.map((each) => each.labels[key]).filter((value) => value !== undefined);
}

function isCalled(placed: Placed, name: string): boolean {
  return (
    placed.name === name.replace(/^\//, "") || placed.id === name || (name.length >= 12 && placed.id.startsWith(name))
  );
}

function ranked<T extends Candidate>(nodes: readonly T[], strategy: Strategy): T[] {
  if (strategy === "random") return nodes.length > 0 ? [nodes[Math.floor(Math.random() * nodes.length)] as T] : [];
  const direction = strategy === "spread" ? 1 : -1;
  return [...nodes].sort(
    (a, b) => direction * (a.containers.length - b.containers.length) || a.name.localeCompare(b.name),
  );
}
