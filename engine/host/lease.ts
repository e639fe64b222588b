import { hostname } from "node:os";
import type { Session } from "./contract.ts";
import { sh } from "./script.ts";

/** Seconds that a lease lasts unless it is refreshed. */
const LASTS = 60;
const REFRESH = 20;

/** Who holds a host already. */
export class HeldBy {
  readonly owner: string;
  /** The owner is no more, but this process that it began still runs. */
  readonly survivor: number | undefined;
  constructor(owner: string, survivor?: number) {
    this.owner = owner;
    this.survivor = survivor;
  }
}

export interface Lease {
  /** It was another run's, which is no more: what that one began may have ended only now. */
  readonly inherited: boolean;
  /** Lists a session that will change the host: while one works, the lease of a killed run is not free. */
  list(session: Session): Promise<void>;
  /** Lists files that a killed run would leave half written; who takes over its lease removes them. */
  leaving(paths: readonly string[]): Promise<void>;
  release(): Promise<void>;
}

/** A host where nothing can be written holds no lease. */
const none: Lease = { inherited: false, list: async () => {}, leaving: async () => {}, release: async () => {} };

/** `started PID` prints when a process began, which tells it from a later one of the same number. */
const started = sh`started() { x=; { read -r x <"/proc/$1/stat"; } 2>/dev/null; x=\${x##*) }; set -- $x; echo "\${20}"; }`;

/**
 * A short lease on a host, so that two runs, or a run and the survivors of a killed one, do not change it at once.
 * It is a folder with a file `owner.N`, the owner and the time, refreshed while the run lives. It is free again a minute
 * after the last refresh, but not before the sessions listed in it are idle: the commands of a killed run go on.
 * Who takes it over links its own `owner.N+1`, which only one can; of several files the highest counts.
 * @param owner names the run: the same owner gets its lease again
 * @param gone an owner that is known to be no more: its lease need not have run out
 */
export async function acquireLease(
  session: Session,
  owner: string = `${hostname()}:${process.pid}`,
  gone = "",
): Promise<Lease | HeldBy> {
  const reply = await session.request(
    sh`d=/run/play; [ -w /run ] || d=\${TMPDIR:-/tmp}/.play-$(id -u); mkdir -p "$d" 2>/dev/null
l=$d/lease; now=$(date +%s); me=${owner} word=ours
${started}
working() {
  [ -f "$l/sessions" ] && while read -r p s; do
    [ "$(started "$p")" = "$s" ] || continue
    for f in /proc/[0-9]*/stat; do
      x=; { read -r x <"$f"; } 2>/dev/null
      c=\${x%% *} x=\${x##*) }
      set -- $x
      [ "$2" = "$p" ] && [ "$1" != Z ] && echo "$c" && return
    done
  done <"$l/sessions"
}
look() { t= o=; { read -r t o <"$l/owner.$n"; } 2>/dev/null; [ -n "$t" ] || t=$(stat -c %Y "$l/owner.$n" 2>/dev/null || echo 0); }
newest() {
  n=0
  for f in "$l"/owner.*; do [ "\${f##*.}" -gt "$n" ] 2>/dev/null && n=\${f##*.}; done
  look
}
held() { echo "held \${1:-0} $o"; exit 0; }
mkdir "$l" 2>/dev/null || [ -d "$l" ] || exit 1
newest
if [ "$n" != 0 ] && [ "$o" = "$me" ]; then
  echo "$now $me" >"$l/owner.$n" || exit 1
else
  if [ "$n" != 0 ]; then
    [ -n "$o" ] && [ "$o" = ${gone} ] || [ $((now-t)) -ge ${LASTS} ] || [ $((t-now)) -ge ${LASTS} ] || held
    c=$(working)
    [ -z "$c" ] || held "$c"
  fi
  was="$t $o" mine=$((n+1))
  echo "$now $me" >"$l/new.$$" || exit 1
  ln "$l/new.$$" "$l/owner.$mine" 2>/dev/null; won=$?
  rm -f "$l/new.$$"
  [ "$won" = 0 ] || { newest; held; }
  # Given back and made anew since it was looked at, it is another's.
  [ "$n" = 0 ] || { look; [ "$was" = "$t $o" ] || { rm -f "$l/owner.$mine"; held; }; }
  [ "$n" = 0 ] || word=inherited
  n=$mine
  [ -f "$l/leaving" ] && while IFS= read -r f; do rm -f -- "$f"; done <"$l/leaving"
  rm -f "$l/sessions" "$l/leaving"
fi
echo "$word $n $l"`,
    { kind: "step" },
  );
  const [word, ...rest] = reply.stdout.toString("utf8").trim().split(" ");
  if (word === "held") return new HeldBy(rest.slice(1).join(" "), Number(rest[0]) || undefined);
  if (word !== "ours" && word !== "inherited") return none;
  const [number, ...path] = rest;
  const place = path.join(" ");
  const own = `${place}/owner.${number}`;
  const refresh = sh`[ ! -e ${own} ] || echo "$(date +%s) "${owner} >${own}`;
  // Whoever has taken it over meanwhile keeps it; while it is put out of the way nobody can.
  const giveBack = sh`[ -e ${own} ] && echo "$(date +%s) "${owner} >${own} &&
ln ${own} ${place}/owner.${Number(number) + 1} 2>/dev/null && rm -rf ${place}.$$ && mv ${place} ${place}.$$ && rm -rf ${place}.$$`;
  const timer = setInterval(() => void session.request(refresh, { kind: "step" }).catch(() => {}), REFRESH * 1000);
  timer.unref();
  const listed = new Map<string, Promise<unknown>>();
  return {
    inherited: word === "inherited",
    async list({ process }) {
      let listing = listed.get(process);
      if (!listing) {
        const line = sh`${started}
[ ! -d ${place} ] || echo ${process} "$(started ${process})" >>${place}/sessions`;
        listing = session.request(line, { kind: "step" }).catch(() => listed.delete(process));
        listed.set(process, listing);
      }
      await listing;
    },
    async leaving(paths) {
      if (paths.length === 0) return;
      const note = sh`[ ! -d ${place} ] || printf '%s\n' ${paths} >>${place}/leaving`;
      await session.request(note, { kind: "step" }).catch(() => {});
    },
    async release() {
      clearInterval(timer);
      await session.request(giveBack, { kind: "step" }).catch(() => {});
    },
  };
}
