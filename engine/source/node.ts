import type { Position } from "./diagnostic.ts";
import type { Value } from "./value.ts";

/** A YAML document in which every node knows where it stands. */
export type Node = ScalarNode | SequenceNode | MappingNode;

export interface ScalarNode {
  readonly kind: "scalar";
  readonly value: Value;
  readonly style: "plain" | "quoted" | "block";
  readonly at: Position;
}

export interface SequenceNode {
  readonly kind: "sequence";
  readonly items: readonly Node[];
  readonly at: Position;
}

export interface MappingNode {
  readonly kind: "mapping";
  readonly entries: readonly MappingEntry[];
  readonly at: Position;
}

export interface MappingEntry {
  readonly key: string;
  readonly keyAt: Position;
  readonly value: Node;
}
// `toValue(node)` and `positionOf(container, key)` live in yaml.ts: plain values whose containers remember the
// position of every key or index in a WeakMap, so that an error about a variable can still point at its line.
