import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { labHosts, removeHosts, type TestHost } from "../../lab/hosts.ts";
import { inside } from "../../lab/inside.ts";
import { playOn, wrongPredictions } from "../site.ts";

// The role docker-engine where dnf is the package manager: a host that calls itself CentOS, and repositories made by
// createrepo_c with the real engine of Debian packed as an rpm. The newer version is never installed, so it is empty.
const setup = `set -e
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends iptables libdevmapper1.02.1 libsystemd0 >/dev/null
groupadd --system docker # a scriptlet would ask for a package that provides /bin/sh
mkdir -p /etc/yum.repos.d /srv/engine /srv/build /srv/debs /srv/old /srv/new /srv/both
cd /srv/debs
apt-get download -qq docker.io containerd runc tini >/dev/null
for deb in *.deb; do dpkg-deb -x $deb /srv/engine; done
rm -rf /srv/engine/usr/share/doc /srv/engine/usr/share/man /srv/engine/usr/share/lintian
cp -a /srv/engine/lib/. /srv/engine/usr/lib/ && rm -rf /srv/engine/lib
cd /srv/build
cat > engine.spec <<'END'
Name: docker-engine
Version: %{v}
Release: 1
Summary: The engine
License: ASL 2.0
AutoReqProv: no
%define __os_install_post %{nil}
%define debug_package %{nil}
%define _binary_payload w0.gzdio
%description
The engine.
%install
cp -a %{payload}/. %{buildroot}/
cd %{buildroot} && find . ! -type d | sed 's/^.//' > %{_topdir}/files
%files -f %{_topdir}/files
END
mkdir -p empty/usr/share && echo 23.0.6 > empty/usr/share/docker-engine
rpmbuild -bb --quiet --define '_topdir /srv/build' --define 'v 20.10.24' --define 'payload /srv/engine' engine.spec 2>&1
rpmbuild -bb --quiet --define '_topdir /srv/build' --define 'v 23.0.6' --define 'payload /srv/build/empty' engine.spec 2>&1
cp RPMS/*/docker-engine-20*.rpm /srv/old/
cp RPMS/*/docker-engine-23*.rpm /srv/new/
cp RPMS/*/*.rpm /srv/both/
for each in old new both; do createrepo_c --quiet /srv/$each; done
printf 'NAME="CentOS Linux"\\nID="centos"\\nID_LIKE="rhel fedora"\\nVERSION_ID="7"\\nPRETTY_NAME="CentOS Linux 7 (Core)"\\n' > /etc/os-release
echo 'CentOS Linux release 7.9.2009 (Core)' > /etc/redhat-release
`;

const repository = "/etc/yum.repos.d/docker-main.repo";
let host: TestHost;
let folder: string;

beforeAll(async () => {
  [host] = (await labHosts({ image: "dnf", prefix: "red-hat", volumes: ["/var/lib/docker"] })) as [TestHost];
  await on(setup);
  folder = mkdtempSync(join(tmpdir(), "play-red-hat-"));
  const { address, knownHostsFile, privateKeyFile } = host;
  const login = {
    ansible_host: address,
    ansible_user: "root",
    ansible_ssh_private_key_file: privateKeyFile,
    ansible_ssh_common_args: `-o UserKnownHostsFile=${knownHostsFile}`,
  };
  writeFileSync(join(folder, "inventory.yml"), JSON.stringify({ swarm: { hosts: { [host.name]: login } } }));
  writeFileSync(
    join(folder, "engine.yml"),
    JSON.stringify([{ hosts: "swarm", roles: [{ role: "docker-engine" }], gather_facts: true }]),
  );
});

afterAll(async () => {
  if (host) await removeHosts([host]);
  if (folder) rmSync(folder, { recursive: true, force: true });
});

async function on(line: string): Promise<string> {
  return (await inside(host.container, line)).trim();
}

const engine = (from: string, options: { check?: boolean; version?: string } = {}) =>
  playOn(join(folder, "engine.yml"), join(folder, "inventory.yml"), {
    check: options.check ?? false,
    extraVars: {
      docker_engine_repository_baseurl: `file:///srv/${from}`,
      docker_engine_version: options.version ?? "",
    },
  });

const nothingThere = `test ! -e ${repository} && ! rpm -q docker-engine && ls /var/cache/dnf 2>/dev/null | grep docker- || true`;

describe("docker-engine on the Red Hat family", () => {
  it("refuses an engine without cluster store that the repository offers, and changes nothing", async () => {
    for (const check of [true, false]) {
      const run = await engine("both", { check });
      expect(run.failures.join("\n")).toMatch(/The engine 23\.0\.6 of CentOS .* does not know --cluster-store/);
      expect(run.changed).toEqual([]);
    }
    expect(await on(nothingThere)).toBe("package docker-engine is not installed");
  });

  it("predicts the run, installs the engine from docker-main.repo, and has nothing to do after that", async () => {
    const predicted = await engine("old", { check: true });
    expect(predicted.failures).toEqual([]);
    expect(await on(nothingThere)).toBe("package docker-engine is not installed");
    const run = await engine("old");
    expect(run.failures).toEqual([]);
    expect(wrongPredictions(predicted, run)).toEqual([]);
    expect(run.changed).toHaveLength(3);
    expect(await on("rpm -q --qf '%{VERSION}' docker-engine")).toBe("20.10.24");
    expect(await on(`sed -n 's/^baseurl *= *//p' ${repository}`)).toBe("file:///srv/old");
    expect(await on("docker version -f '{{.Server.Version}}'")).toMatch(/^20\.10\./);
    const again = await engine("old");
    expect(again.failures).toEqual([]);
    expect(again.changed).toEqual([]);
  });

  it("takes the pinned version where the repository offers a newer one", async () => {
    await on(`systemctl disable --now docker.service docker.socket; rpm -e docker-engine && rm ${repository}`);
    const predicted = await engine("both", { version: "20.10.24", check: true });
    const run = await engine("both", { version: "20.10.24" });
    expect(run.failures).toEqual([]);
    expect(wrongPredictions(predicted, run)).toEqual([]);
    expect(await on("rpm -q --qf '%{VERSION}' docker-engine")).toBe("20.10.24");
    const again = await engine("both", { version: "20.10.24" });
    expect(again.failures).toEqual([]);
    expect(again.changed).toEqual([]);
  });
});
