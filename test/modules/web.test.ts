import { laws } from "./laws.ts";

const url = "http://127.0.0.1:8199/lines.txt";
/** What the server has under that name. */
const served = "seq 1 20000";
const digest = "$(seq 1 20000 | sha256sum | cut -d ' ' -f 1)";
const sha256 = "f6351f5ead9a700e34275480b3856ea738122a7c57bdeb744a631251c069587a";

laws(
  "files from the web",
  [
    {
      name: "a file that is not there",
      module: "get_url",
      args: { url, dest: "HERE/lines.txt", mode: "0640" },
      holds: `${served} | cmp - lines.txt && [ "$(stat -c %a lines.txt)" = 640 ]`,
      unknown: true,
    },
    {
      name: "a file under its own name in a folder",
      module: "get_url",
      args: { url, dest: "HERE/" },
      holds: `${served} | cmp - lines.txt`,
      unknown: true,
    },
    {
      name: "a file of another digest",
      module: "get_url",
      given: "echo other > lines.txt; chmod 600 lines.txt",
      args: { url, dest: "HERE/lines.txt", checksum: `sha256:${sha256}` },
      holds: `${served} | cmp - lines.txt && [ "$(stat -c %a lines.txt)" = 600 ]`,
      unknown: true,
    },
    {
      name: "a file that is loaded again",
      module: "get_url",
      given: "echo other > lines.txt",
      args: { url, dest: "HERE/lines.txt", force: true },
      holds: `${served} | cmp - lines.txt`,
      unknown: true,
    },
    {
      name: "a file of the right digest",
      module: "get_url",
      given: `${served} > lines.txt; [ ${digest} = ${sha256} ]`,
      args: { url, dest: "HERE/lines.txt", checksum: `sha256:${sha256}` },
      changed: false,
    },
    {
      name: "a file that is there",
      module: "get_url",
      given: "echo other > lines.txt",
      args: { url, dest: "HERE/lines.txt" },
      changed: false,
    },
    {
      name: "a file with another mode",
      module: "get_url",
      given: `${served} > lines.txt; chmod 644 lines.txt`,
      args: { url, dest: "HERE/lines.txt", mode: "0600" },
      holds: '[ "$(stat -c %a lines.txt)" = 600 ]',
      unknown: true,
    },
  ],
  {
    interrupted: 6,
    setup: `mkdir -p /srv/law-web && ${served} > /srv/law-web/lines.txt && busybox httpd -p 127.0.0.1:8199 -h /srv/law-web`,
  },
);
