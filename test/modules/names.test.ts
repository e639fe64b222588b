import { laws } from "./laws.ts";

// Names and contents that break what quotes carelessly, and files as they are found on real hosts.
const odd = '-n it\'s "$(touch x)" \\\n*?';
const big = Array.from({ length: 200_000 }, (_, index) => `line ${index}`).join("\n");

laws(
  "odd names and odd contents",
  [
    {
      name: "a directory of an odd name",
      module: "file",
      args: { path: `HERE/${odd}/${odd}`, state: "directory", mode: "0711" },
      holds: "[ ! -e x ] && [ $(find . -mindepth 2 -type d -perm 711 | wc -l) -ge 1 ]",
    },
    {
      name: "a link of an odd name",
      module: "file",
      given: "touch -- '-t'",
      args: { path: `HERE/${odd}`, src: "-t", state: "link" },
      holds: "[ $(find . ! -name '.play-*' -type l -lname '-t' -printf x) = x ]",
    },
    {
      name: "what has an odd name goes",
      module: "file",
      given: "mkdir -p -- '-rf *' keep",
      args: { path: "HERE/-rf *", state: "absent" },
      holds: "[ -d keep ]",
    },
    {
      name: "a file of an odd name",
      module: "copy",
      args: { content: odd, dest: `HERE/${odd}`, mode: "0600" },
      holds: "[ ! -e x ] && [ $(find . -type f -printf x) = x ]",
    },
    {
      name: "a line in a file of an odd name",
      module: "lineinfile",
      args: { path: `HERE/${odd}`, line: odd.replace("\n", " "), create: true },
      holds: "[ ! -e x ]",
    },
    {
      name: "nothing in a file",
      module: "copy",
      args: { content: "", dest: "HERE/empty" },
      holds: "[ -f empty ] && [ ! -s empty ]",
    },
    {
      name: "nothing in a file that had something",
      module: "copy",
      given: "echo x > f",
      args: { content: "", dest: "HERE/f" },
      holds: "[ ! -s f ]",
    },
    {
      name: "no newline at the end",
      module: "copy",
      args: { content: "a\r\nb", dest: "HERE/f" },
      holds: "[ $(wc -c < f) = 4 ]",
    },
    {
      name: "a large file",
      module: "copy",
      args: { src: "big", dest: "HERE/big" },
      holds: "grep -qx 'line 199999' big",
    },
    {
      name: "a large file that differs in its last byte",
      module: "copy",
      given: "seq -f 'line %.0f' 0 199999 | head -c -1 > big; printf x >> big",
      args: { src: "big", dest: "HERE/big", mode: "0640" },
    },
    {
      name: "a line behind one that has no end",
      module: "lineinfile",
      given: "printf 'a\\nb' > f",
      args: { path: "HERE/f", line: "c" },
      holds: '[ "$(cat f)" = "$(printf "a\\nb\\nc")" ]',
    },
    {
      name: "a line among those of Windows",
      module: "lineinfile",
      given: "printf 'k=1\\r\\nl=2\\r\\n' > f",
      args: { path: "HERE/f", regexp: "^k=", line: "k=2" },
      holds: "grep -q k=2 f",
    },
    {
      name: "a line in bytes that are no text",
      module: "lineinfile",
      given: "printf 'a\\377\\n' > f",
      args: { path: "HERE/f", line: "ü" },
      holds: `[ "$(od -An -tx1 f | tr -d ' \\n')" = 61ff0ac3bc0a ]`,
    },
    {
      name: "a line in an empty file",
      module: "lineinfile",
      given: ": > f",
      args: { path: "HERE/f", line: "a", insertbefore: "BOF" },
      holds: '[ "$(cat f)" = a ]',
    },
    {
      name: "a line after another",
      module: "lineinfile",
      given: "printf 'a\\nb\\na\\nc\\n' > f",
      args: { path: "HERE/f", line: "x", insertafter: "^a" },
      holds: '[ "$(tr "\\n" " " < f)" = "a b a x c " ]',
    },
    {
      name: "a line with parts of the old one",
      module: "lineinfile",
      given: "printf 'size 10 MB\\n' > f",
      args: { path: "HERE/f", regexp: "^size (\\d+) (M.)$", line: "size \\1 KB \\2", backrefs: true },
      holds: "grep -qx 'size 10 KB MB' f",
    },
    {
      name: "a line that is there",
      module: "lineinfile",
      given: "printf 'a\\nb\\n' > f",
      args: { path: "HERE/f", line: "a" },
      changed: false,
    },
    {
      name: "a line behind a link",
      module: "lineinfile",
      given: "echo a > t; ln -s t l; chmod 600 t; chown daemon t",
      args: { path: "HERE/l", line: "b" },
      holds: '[ -L l ] && grep -qx b t && [ "$(stat -c %U:%a t)" = daemon:600 ]',
    },
    {
      name: "a block before all",
      module: "blockinfile",
      given: "echo a > f",
      args: { path: "HERE/f", block: odd, insertbefore: "BOF", marker: "# {mark} $(x)" },
      holds: "head -n 1 f | grep -qF '# BEGIN $(x)'",
    },
    {
      name: "a block that differs",
      module: "blockinfile",
      given: "printf 'a\\n# BEGIN ANSIBLE MANAGED BLOCK\\nold\\n# END ANSIBLE MANAGED BLOCK\\nz\\n' > f",
      args: { path: "HERE/f", block: "new" },
      holds: "! grep -q old f && tail -n 1 f | grep -qx z",
    },
    {
      name: "a block that goes",
      module: "blockinfile",
      given: "printf 'a\\n# BEGIN ANSIBLE MANAGED BLOCK\\nold\\n# END ANSIBLE MANAGED BLOCK\\n' > f",
      args: { path: "HERE/f", state: "absent" },
      holds: '[ "$(cat f)" = a ]',
    },
    {
      name: "a block in no file",
      module: "blockinfile",
      args: { path: "HERE/f", block: "a", create: true, mode: "0600" },
      holds: "[ $(stat -c %a f) = 600 ]",
    },
    {
      name: "nothing to replace",
      module: "replace",
      given: "echo a > f",
      args: { path: "HERE/f", regexp: "b", replace: "c" },
      changed: false,
    },
    {
      name: "replacements between two marks",
      module: "replace",
      given: "printf 'a\\n[\\na\\n]\\na\\n' > f",
      args: { path: "HERE/f", regexp: "^a$", replace: "b", after: "\\[", before: "\\]" },
      holds: '[ "$(tr "\\n" " " < f)" = "a [ b ] a " ]',
    },
    {
      name: "an option of a section that is there",
      module: "ini_file",
      given: "printf '[a]\\nk = 1\\n\\n[b]\\nk = 1\\n' > f",
      args: { path: "HERE/f", section: "b", option: "k", value: "2 ; x" },
      holds: "grep -qx 'k = 2 ; x' f && grep -qx 'k = 1' f",
    },
    {
      name: "a section that goes",
      module: "ini_file",
      given: "printf '[a]\\nk = 1\\n\\n[b]\\nk = 1\\n' > f",
      args: { path: "HERE/f", section: "a", state: "absent" },
      holds: "! grep -q '\\[a\\]' f",
    },
    {
      name: "an option that is right",
      module: "ini_file",
      given: "printf '[a]\\nk=1\\n' > f",
      args: { path: "HERE/f", section: "a", option: "k", value: "1", no_extra_spaces: true },
      changed: false,
    },
    {
      name: "fragments with something between them",
      module: "assemble",
      given: "mkdir d; printf a > d/1; echo b > d/2; echo no > d/x.bak",
      args: { src: "HERE/d", dest: "HERE/f", regexp: "^\\d$", delimiter: "---", mode: "0600" },
      holds: "grep -qx -- --- f && ! grep -q no f",
    },
    {
      name: "a host's key that goes",
      module: "known_hosts",
      given: "printf 'h ssh-ed25519 AAAA\\ni ssh-ed25519 BBBB\\n' > known",
      args: { path: "HERE/known", name: "h", state: "absent" },
      holds: "grep -q '^i ' known && ! grep -q '^h ' known",
    },
    {
      name: "an archive of the controller",
      module: "unarchive",
      given: "mkdir d",
      args: { src: "a.tar", dest: "HERE/d", owner: "daemon" },
      holds: "[ -f d/in ]",
    },
    {
      name: "an archive that was unpacked",
      module: "unarchive",
      given: "mkdir d; touch d/done",
      args: { src: "a.tar", dest: "HERE/d", creates: "HERE/d/done" },
      changed: false,
    },
  ],
  { interrupted: true, files: { big, "a.tar": tarOf("in", "hello\n") } },
);

laws(
  "permissions, owners and ways",
  [
    {
      name: "a directory below a link",
      module: "file",
      given: "mkdir t; ln -s t l",
      args: { path: "HERE/l/a", state: "directory" },
      holds: "[ -d t/a ]",
    },
    {
      name: "a directory that a link leads to",
      module: "file",
      given: "mkdir t; ln -s t l",
      args: { path: "HERE/l", state: "directory", mode: "0700" },
      holds: "[ -L l ] && [ $(stat -c %a t) = 700 ]",
    },
    {
      name: "a link's own owner",
      module: "file",
      given: "touch t; ln -s t l",
      args: { path: "HERE/l", src: "t", state: "link", follow: false, owner: "daemon" },
      holds: '[ "$(stat -c %U l)" = daemon ] && [ "$(stat -c %U t)" = root ]',
    },
    {
      name: "a link in place of a file",
      module: "file",
      given: "touch t l",
      args: { path: "HERE/l", src: "t", state: "link", force: true },
      holds: "[ -L l ]",
    },
    {
      name: "a link in place of an empty directory",
      module: "file",
      given: "touch t; mkdir l",
      args: { path: "HERE/l", src: "t", state: "link", force: true },
      holds: "[ -L l ]",
    },
    {
      name: "a link that is right",
      module: "file",
      given: "touch t; ln -s t l",
      args: { path: "HERE/l", src: "t", state: "link" },
      changed: false,
    },
    {
      name: "a hard link in place of a file",
      module: "file",
      given: "echo x > t; echo y > h",
      args: { path: "HERE/h", src: "HERE/t", state: "hard", force: true },
      holds: "[ h -ef t ]",
    },
    {
      name: "a hard link that is right",
      module: "file",
      given: "echo x > t; ln t h",
      args: { path: "HERE/h", src: "HERE/t", state: "hard" },
      changed: false,
    },
    {
      name: "execution where somebody may",
      module: "file",
      given: "touch f g; chmod 600 f; chmod 610 g",
      args: { path: "HERE/{{ item }}", mode: "a+X" },
      loop: ["f", "g"],
      holds: "[ $(stat -c %a f) = 600 ] && [ $(stat -c %a g) = 711 ]",
    },
    {
      name: "owners by number",
      module: "file",
      given: "touch f",
      args: { path: "HERE/f", owner: "54321", group: "54322" },
      holds: "[ $(stat -c %u:%g f) = 54321:54322 ]",
    },
    {
      name: "bits that a change of owner clears",
      module: "file",
      given: "touch f; chmod 4755 f",
      args: { path: "HERE/f", owner: "daemon", mode: "4755" },
      holds: "[ $(stat -c %a f) = 4755 ]",
    },
    {
      name: "a directory that hands its group down no more",
      module: "file",
      given: "mkdir d; chmod 2755 d",
      args: { path: "HERE/d", state: "directory", mode: "0755" },
      holds: "[ $(stat -c %a d) = 755 ]",
    },
    {
      name: "a directory within one that hands its group down",
      module: "file",
      given: "mkdir d; chgrp mail d; chmod 2775 d",
      args: { path: "HERE/d/e/f", state: "directory", mode: "0750" },
      holds: '[ "$(stat -c %G:%a d/e)" = mail:750 ] && [ $(stat -c %a d/e/f) = 750 ]',
    },
    {
      name: "a tree with links that lead nowhere",
      module: "file",
      given: "mkdir -p d/e; ln -s none d/e/l; touch d/f; chmod 644 d/f",
      args: { path: "HERE/d", state: "directory", recurse: true, mode: "g-rwx,o-rwx" },
      holds: "[ $(stat -c %a d/f) = 600 ]",
    },
    {
      name: "a file in a sticky directory of others",
      module: "copy",
      given: "mkdir d; chmod 1777 d; echo old > d/f; chown daemon d d/f",
      args: { content: "new\n", dest: "HERE/d/f" },
      holds: '[ "$(stat -c %U d/f)" = daemon ] && grep -qx new d/f',
    },
    {
      name: "a file that is touched once",
      module: "file",
      given: "touch f",
      args: { path: "HERE/f", state: "touch", modification_time: "preserve", access_time: "preserve" },
      changed: false,
    },
    {
      name: "a folder of the controller",
      module: "copy",
      args: { src: "tree", dest: "HERE/d", mode: "0640", directory_mode: "0750", owner: "daemon" },
      holds: '[ "$(stat -c %U:%a d/tree/e)" = daemon:750 ] && [ "$(stat -c %a d/tree/e/f)" = 640 ]',
    },
    {
      name: "a folder's content over another",
      module: "copy",
      given: "mkdir -p d/e; echo old > d/e/f; echo keep > d/g",
      args: { src: "tree/", dest: "HERE/d" },
      holds: "grep -qx deep d/e/f && grep -qx keep d/g",
    },
    {
      name: "a file with its own permissions",
      module: "copy",
      args: { src: "tree/run", dest: "HERE/run", mode: "preserve" },
      holds: "[ $(stat -c %a run) = 755 ]",
    },
    {
      name: "a file of the host under another name",
      module: "copy",
      given: "echo x > f; chmod 600 f",
      args: { src: "HERE/f", dest: "HERE/g", remote_src: true, mode: "0644" },
      holds: "cmp f g",
    },
    {
      name: "through a link to its file",
      module: "copy",
      given: "echo old > t; ln -s t l",
      args: { content: "new\n", dest: "HERE/l", follow: true },
      holds: "[ -L l ] && grep -qx new t",
    },
    {
      name: "into folders that are not there",
      module: "copy",
      args: { src: "tree/run", dest: "HERE/a/b/", directory_mode: "0700", mode: "0600" },
      holds: "[ $(stat -c %a a/b) = 700 ]",
    },
    {
      name: "keys of a user",
      module: "authorized_key",
      given: "rm -rf ~games/.ssh; mkdir -p ~games",
      args: { user: "games", key: "ssh-ed25519 AAAA a\nssh-ed25519 BBBB b", path: "HERE/keys", manage_dir: false },
      holds: "[ $(wc -l < keys) = 2 ]",
    },
    {
      name: "a user's only key",
      module: "authorized_key",
      given:
        "mkdir -p /var/law-home; usermod -d /var/law-home list; rm -rf /var/law-home/.ssh; chown list /var/law-home",
      args: { user: "list", key: "ssh-ed25519 AAAA a", exclusive: true, key_options: 'command="echo $HOME"' },
      holds: '[ "$(stat -c %U:%a /var/law-home/.ssh/authorized_keys)" = list:600 ]',
    },
    {
      name: "as another user",
      module: "copy",
      given: "mkdir d; chown daemon d",
      args: { content: "x\n", dest: "HERE/d/f" },
      become: "daemon",
      holds: '[ "$(stat -c %U d/f)" = daemon ]',
    },
    {
      name: "directories as another user",
      module: "file",
      given: "mkdir d; chown daemon d; chmod 700 d",
      args: { path: "HERE/d/e/f", state: "directory", mode: "0711" },
      become: "daemon",
      holds: '[ "$(stat -c %U:%a d/e)" = daemon:711 ]',
    },
  ],
  {
    interrupted: 8,
    files: { "tree/e/f": "deep\n", "tree/run": "#!/bin/sh\n" },
    executable: ["tree/run"],
    watch: "cd /var/law-home && find . -name '.play-*' -prune -o -printf '%p %y %m %u:%g\\n' | sort",
  },
);

/** A tar archive with one file. */
function tarOf(name: string, content: string): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write("0000644\0", 100);
  header.write("0000000\0", 108);
  header.write("0000000\0", 116);
  header.write(`${content.length.toString(8).padStart(11, "0")}\0`, 124);
  header.write("00000000000\0", 136);
  header.write("        ", 148);
  header.write("0", 156);
  header.write("ustar\x0000", 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  const body = Buffer.alloc(Math.ceil(content.length / 512) * 512);
  body.write(content);
  return Buffer.concat([header, body, Buffer.alloc(1024)]);
}
