import type { Reply, RequestOptions, Script, Session } from "../host/contract.ts";
import type { Joint } from "../modules/joint.ts";

/** As many parts, and about as many characters, as one script holds. */
const mostParts = 400;
const mostSize = 128 * 1024;

export interface JointRequest {
  readonly script: Script;
  readonly joint?: Joint | undefined;
  readonly options: RequestOptions;
  /** Told what is asked. */
  readonly trace?: ((text: string) => void) | undefined;
}

interface Waiting extends JointRequest {
  readonly session: Session;
  readonly joint: Joint;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The requests of one seat. Those that are made in the same moment and can be asked by one script travel as one; each
 * is answered as if it had been asked alone. Where the one script failed, each goes alone and tells its own failure.
 */
export class JointRequests {
  readonly #waiting = new Map<string, Waiting[]>();

  request(session: Session, request: JointRequest): Promise<Reply> {
    const { joint, options } = request;
    // Time that is given to one is not the time of many.
    if (!joint || options.timeout !== undefined) return alone(session, request);
    return new Promise((resolve, reject) => {
      if (this.#waiting.size === 0) setImmediate(() => this.#send());
      const key = `${options.kind} ${joint.key}`;
      const waiting = { ...request, session, joint, resolve, reject };
      const group = this.#waiting.get(key);
      if (group) group.push(waiting);
      else this.#waiting.set(key, [waiting]);
    });
  }

  #send(): void {
    const groups = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const group of groups) for (const part of portions(group)) void together(part);
  }
}

function* portions(group: readonly Waiting[]): Generator<Waiting[]> {
  let portion: Waiting[] = [];
  let size = 0;
  for (const each of group) {
    if (portion.length > 0 && (portion.length >= mostParts || size + each.joint.size > mostSize)) {
      yield portion;
      portion = [];
      size = 0;
    }
    portion.push(each);
    size += each.joint.size;
  }
  yield portion;
}

async function together(requests: readonly Waiting[]): Promise<void> {
  const [first] = requests;
  if (!first) return;
  const { session } = first;
  try {
    if (requests.length === 1) {
      first.resolve(await alone(session, first));
      return;
    }
    const { script, split } = first.joint.join(requests.map(({ joint }) => joint));
    const { stdin: _, ...options } = first.options; // what a part has to say stands in the script
    // Each shows its own, which holds no content of files.
    for (const { trace, script: own } of requests) trace?.(own.text);
    const replies = split(await session.request(script, options));
    for (const [at, request] of requests.entries()) {
      const reply = replies[at];
      if (reply) request.resolve(reply);
      else alone(session, request).then(request.resolve, request.reject);
    }
  } catch (error) {
    for (const request of requests) request.reject(error);
  }
}

function alone(session: Session, { script, options, trace }: JointRequest): Promise<Reply> {
  trace?.(script.text);
  return session.request(script, options);
}
