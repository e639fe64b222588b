/** `storage==ssd`, `node!=swarm-0*`, `container==~/web_\d/`: one condition of a container on its node. */
export interface Expression {
  readonly key: string;
  readonly negated: boolean;
  /** A wish: it counts only while some node fulfils it. */
  readonly soft: boolean;
  readonly value: string;
  readonly source: string;
}

/** @throws Error for what is no condition. */
export function parseExpression(source: string): Expression {
  const match = /^([a-zA-Z_][\w.-]*)\s*(==|!=)\s*(~?)(.+)$/s.exec(source.trim());
  if (!match) throw new Error(`Invalid expression ${source}, expected key==value or key!=value`);
  const [, key = "", operator, soft, value = ""] = match;
  return { key, negated: operator === "!=", soft: soft === "~", value: value.trim(), source };
}

/** Whether any of these values fulfils the expression; where there is none, only a negated one is fulfilled. */
export function fulfils(expression: Expression, values: readonly string[]): boolean {
  const pattern = patternOf(expression.value);
  const found = values.some((value) => pattern.test(value));
  return expression.negated ? !found : found;
}

function patternOf(value: string): RegExp {
  const regular = /^\/(.*)\/$/s.exec(value);
  if (regular?.[1] !== undefined) {
    const insensitive = regular[1].startsWith("(?i)");
    return new RegExp(regular[1].replace(/^\(\?i\)/, ""), insensitive ? "i" : "");
  }
  const escaped = value.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*");
  return new RegExp(`^${escaped}$`);
}
