import { hostname } from "node:os";
import type { Session } from "./contract.ts";
import { sh } from "./script.ts";

/** Seconds that a lease lasts unless it is refreshed. */
const LASTS = 60;
const REFRESH = 20;

/** Who holds a host already. */
export class HeldBy {
  readonly owner: string;
  constructor(owner: string) {
    this.owner = owner;
  }
}

export interface Lease {
  release(): Promise<void>;
}

/**
 * A short lease on a host, so that two runs, or a run and the survivors of a killed one, do not change it at once.
 * It is a folder with the owner and the time, refreshed while the run lives and free again a minute after.
 * @param owner names the run: the same owner gets its lease again
 */
export async function acquireLease(
  session: Session,
  owner: string = `${hostname()}:${process.pid}`,
): Promise<Lease | HeldBy> {
  const reply = await session.request(
    sh`d=/run/play; [ -w /run ] || d=\${TMPDIR:-/tmp}/.play-$(id -u); mkdir -p "$d" 2>/dev/null
l=$d/lease; now=$(date +%s)
mkdir "$l" 2>/dev/null || {
  read -r t o <"$l/owner" 2>/dev/null || t=$(stat -c %Y "$l" 2>/dev/null || echo 0) o=
  if [ "$o" != ${owner} ] && [ $((now-t)) -lt ${LASTS} ] && [ $((t-now)) -lt ${LASTS} ]; then echo "held $o"; exit 0; fi
}
echo "$now "${owner} >"$l/owner" || exit 1
echo "ours $l"`,
    { kind: "step" },
  );
  const [word, ...rest] = reply.stdout.toString("utf8").trim().split(" ");
  if (word === "held") return new HeldBy(rest.join(" "));
  if (word !== "ours") return { release: async () => {} }; // a host where nothing can be written holds no lease
  const place = rest.join(" ");
  const refresh = sh`[ ! -d ${place} ] || echo "$(date +%s) "${owner} >${place}/owner`;
  const timer = setInterval(() => void session.request(refresh, { kind: "step" }).catch(() => {}), REFRESH * 1000);
  timer.unref();
  return {
    async release() {
      clearInterval(timer);
      await session
        .request(sh`read -r t o <${place}/owner 2>/dev/null; [ "$o" != ${owner} ] || rm -rf ${place}`, { kind: "step" })
        .catch(() => {});
    },
  };
}
