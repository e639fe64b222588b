import type { Script } from "./contract.ts";
import { sh } from "./script.ts";

/*
 * The shell's side of a session. Every line here is answered by a measurement:
 *
 * - Script and payload on one stdin would be swallowed by the shell's own read-ahead, so the loop is a program of
 *   its own and stdin carries frames only. The `read` builtin takes exactly its line in dash, bash and busybox.
 * - The command line is short and plain (no newline, `!`, backslash or inner quote), so that csh, tcsh and fish
 *   parse it as sh does; the loop itself follows on stdin, one text line after the other.
 * - An answer ends with a marker that only this session knows: it came over stdin and is in no command line and no
 *   environment. A length in front of the answer would cost two more processes for each request, and a stray
 *   writer would put the stream out of step for good; after a marker the next answer is whole again.
 * - A probe costs one fork: its output goes straight into the stream. A step may leave a daemon behind, so its
 *   output goes to files; two tests without a fork say that there was none, which is the usual case.
 * - A frame ends with a line `#`: of a request that was cut off in transit nothing is run.
 * - `$$` in a subshell is the session's own pid, so a user's command runs in an `sh` of its own, and in its own
 *   session where there is `setsid`. Its text comes in the environment, which none but its user can read, and not on
 *   the command line, which all can: it may hold secrets (`environment:`). It is not put into the background: that would make it ignore SIGINT.
 */

/**
 * Starts a shell that prints `hello`, reads one line and evaluates it. What comes before is the login's noise.
 * `become`: the words that make another user of it, for su (which takes one command line) with `wrapped`.
 */
export function startCommand(
  hello: string,
  become: { words: readonly string[]; wrapped: boolean } | undefined,
): Script {
  const shell = ["sh", "-c", `echo ${hello}; IFS= read -r l; eval "$l"`];
  if (!become) return sh`exec ${shell}`;
  return become.wrapped ? sh`exec ${[...become.words, sh`${shell}`.text]}` : sh`exec ${[...become.words, ...shell]}`;
}

/** Ends the lines of the loop on stdin. */
const END = "#end";

/** The first line is evaluated by the start command; it reads the rest up to `#end` and evaluates that. */
const READ_PROGRAM = [
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's own expansion
  '_N=$(printf "\\nx"); _N=${_N%x}; _L=',
  `while IFS= read -r l; do [ "$l" = "${END}" ] && break; _L=$_L$l$_N; done; unset l; eval "$_L"`,
].join("; ");

/** What a start command's shell has to read to become something else than the loop: the program, then its stdin. */
export function programFrame(program: Script): string {
  return `${READ_PROGRAM}\n${program.text}\n${END}\n`;
}

/** The frame that starts the loop. `merged`: the channel has one stream only (a terminal), so errors follow there. */
export function loopFrame(marker: string, merged: boolean): string {
  return programFrame(sh`_M=${marker} _m=${merged ? 1 : ""}
${LOOP}`);
}

/** What the reply of request 0 holds: `marker 0 0 PID DIRECTORY`. */
const LOOP = sh`
cd . 2>/dev/null || cd /
_d=$(umask 077; mktemp -d "\${TMPDIR:-/tmp}/.play-XXXXXXXX" 2>/dev/null || { mkdir "/tmp/.play-$$" && echo "/tmp/.play-$$"; }) || exit 1
trap 'rm -rf "$_d"' 0
# Each removes it: a second signal may cut short what the first one began.
trap 'rm -rf "$_d"; exit 1' 1 13 15
_K=\${LC_ALL+x}$LC_ALL _P=$PATH _f=0 _c=sh
command -v setsid >/dev/null 2>&1 && _c='setsid sh'
export LC_ALL=C
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin
_exact() {
  if [ "$(printf abcdef | { head -c 3 >/dev/null 2>&1; cat; })" = def ]; then
    _exact() { head -c "$1"; }
  elif [ "$(printf abcdef | { dd bs=3 count=1 iflag=fullblock >/dev/null 2>&1; cat; })" = def ]; then
    _exact() { dd bs="$1" count=1 iflag=fullblock 2>/dev/null; }
  else
    _exact() { dd bs=1 count="$1" 2>/dev/null; }
  fi
  _exact "$1"
}
_command() {
  case $_K in x*) LC_ALL=\${_K#x} ;; *) unset LC_ALL ;; esac
  PATH=$_P
  case $_a in b*) exec $_c "$_d/s" ;; *) export _s; exec $_c -c 'eval "unset _s; $_s"' ;; esac
}
_end() {
  echo "$_M $_i $1"
  if [ "$_m" ]; then
    [ -s "$_d/e$_i" ] && cat "$_d/e$_i"
    echo "$_M $_i"
  else
    echo "$_M $_i" >&2
  fi
}
unset _L
_i=0
_end "0 $$ $_d"
while IFS=' ' read -r _k _i _a _b; do
  case $_a in
    b*) _exact "\${_a#b}" >"$_d/s"; _s='. "$_d/s"' ;;
    1) IFS= read -r _s || exit 1 ;;
    *) _s=; while [ "$_a" -gt 0 ]; do IFS= read -r _l || exit 1; _s=$_s$_l$_N; _a=$((_a-1)); done ;;
  esac
  case $_b in
    0) _I=/dev/null ;;
    *) _I=$_d/i; _exact "$_b" >"$_I" ;;
  esac
  IFS= read -r _l && [ "$_l" = "#" ] || exit 1
  echo "$_i" >"$_d/now"
  if [ -e "$_d/c$_i" ]; then
    _r=137
  elif [ "$_k$_m" = p ]; then
    (unset _M; eval "$_s") <"$_I"
    _r=$?
  else
    case $_k in
      c) (_command) <"$_I" >"$_d/o$_i" 2>"$_d/e$_i" ;;
      *) (unset _M; eval "$_s") <"$_I" >"$_d/o$_i" 2>"$_d/e$_i" ;;
    esac
    _r=$?
    [ -s "$_d/o$_i" ] && { cat "$_d/o$_i"; : >"$_d/o$_i"; }
    [ -z "$_m" ] && [ -s "$_d/e$_i" ] && { cat "$_d/e$_i" >&2; : >"$_d/e$_i"; }
    _f=$((_f+1))
  fi
  _end "$_r"
  case $_b in 0) ;; *) : >"$_I" ;; esac
  case $_k$_a in [ps]b*) : >"$_d/s" ;; esac
  [ "$_f" -lt 64 ] || { rm -f "$_d"/[oec][0-9]*; _f=0; }
done
exit 0
`;

/** One request as the loop reads it. Long scripts go as a payload: the `read` builtin takes 0.2 s for a megabyte. */
export function requestFrame(kind: "probe" | "step" | "command", id: number, script: Script, stdin: Buffer): Buffer {
  const text = Buffer.from(script.text, "utf8");
  const long = text.length > 4096;
  const size = long ? `b${text.length}` : script.text.split("\n").length;
  const head = `${kind[0]} ${id} ${size} ${stdin.length}\n`;
  return Buffer.concat([Buffer.from(head), text, Buffer.from(long ? "" : "\n"), stdin, Buffer.from("#\n")]);
}

/**
 * Ends what a request runs, with all its descendants, from another session of the same user. It also forbids the
 * request if its turn has not come yet. The list of processes is taken between two looks at which request is
 * running, so that never a process of the next one is hit. All are stopped first, so that no parent goes on when its
 * child is gone, and the request's own process goes last: when the session tells its end, all others have the signal.
 */
export function killScript(session: { readonly pid: string; readonly directory: string }, id: number): Script {
  return sh`
d=${session.directory} s=${session.pid} i=${id} n=0
: >"$d/c$i"
running() { now=; { read -r now <"$d/now"; } 2>/dev/null; [ "$now" = "$i" ]; }
while [ $n -lt 40 ] && running; do
  all=
  for f in /proc/[0-9]*/stat; do
    { read -r x <"$f"; } 2>/dev/null || continue
    p=\${x%% *}; x=\${x##*) }
    set -- $x
    all="$all $p:$2:$4"
  done
  doomed=' ' kill= more=1
  while [ $more = 1 ]; do
    more=0
    for x in $all; do
      p=\${x%%:*}; x=\${x#*:}; parent=\${x%:*}; sid=\${x#*:}
      case $doomed in *" $p "*) continue ;; esac
      [ "$p" != "$s" ] || continue
      case " $s$doomed" in
        *" $parent "*) ;;
        *) case $doomed in *" $sid "*) ;; *) continue ;; esac ;;
      esac
      doomed="$doomed$p " kill="$p $kill" more=1
    done
  done
  running || break
  [ "$doomed" = ' ' ] || { kill -STOP $doomed; kill -9 $kill; } 2>/dev/null
  n=$((n+1))
  sleep 0.05 2>/dev/null || sleep 1
done
exit 0`;
}
