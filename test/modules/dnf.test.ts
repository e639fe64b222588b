import { laws } from "./laws.ts";

/** Builds an rpm that holds one file, in one version. */
const build = (name: string, version: string) =>
  `printf 'Name: ${name}\\nVersion: ${version}\\nRelease: 1\\nSummary: x\\nLicense: x\\nBuildArch: noarch\\n%%description\\nx\\n%%install\\nmkdir -p %%{buildroot}/opt\\necho ${version} > %%{buildroot}/opt/${name}\\n%%files\\n/opt/${name}\\n' > ${name}.spec && rpmbuild -bb --define '_topdir /srv/build' ${name}.spec >/dev/null 2>&1 && cp /srv/build/RPMS/noarch/${name}-${version}-1.noarch.rpm /srv/law/`;
const only = (name: string, version?: string) =>
  `rpm -e ${name} 2>/dev/null; ${version === undefined ? ":" : `rpm -i --nodeps /srv/law/${name}-${version}-1.noarch.rpm`}`;

laws(
  "packages by dnf",
  [
    // Stands first: once a package is to come, a dependency of it may be any other.
    { name: "a package that is not there", module: "dnf", args: { name: "law-none", state: "absent" }, changed: false },
    { name: "a package", module: "dnf", given: only("law-a"), args: { name: "law-a" }, holds: "[ -f /opt/law-a ]" },
    {
      name: "a package that is there",
      module: "dnf",
      given: only("law-b", "1.0"),
      args: { name: "law-b", state: "present" },
      changed: false,
    },
    {
      name: "the latest of a package",
      module: "yum",
      given: only("law-c", "1.0"),
      args: { name: "law-c", state: "latest" },
      holds: "grep -q 2.0 /opt/law-c",
    },
    {
      name: "a package that goes",
      module: "dnf",
      given: only("law-d", "1.0"),
      args: { name: "law-d", state: "absent" },
      holds: "! rpm -q law-d",
    },
  ],
  {
    interrupted: 3,
    image: "dnf",
    setup: `mkdir -p /srv/law /srv/build /etc/yum.repos.d && cd /srv/build
${build("law-a", "1.0")} && ${build("law-b", "1.0")} && ${build("law-c", "1.0")} && ${build("law-c", "2.0")} && ${build("law-d", "1.0")} || exit 1
createrepo_c -q /srv/law
printf '[law]\\nname=law\\nbaseurl=file:///srv/law\\ngpgcheck=0\\n' > /etc/yum.repos.d/law.repo
dnf -q makecache`,
    watch: "rpm -qa | sort",
  },
);
