import { laws } from "./laws.ts";

const without = (...names: string[]) => names.map((name) => `docker rm -f ${name} >/dev/null 2>&1;`).join(" ");
const compose = (body: string) =>
  `cat > env.yml <<'END'\nversion: "2.1"\nservices:\n  web: {image: busybox, command: sleep 1000, stop_signal: SIGKILL, depends_on: [db]}\n  db: {image: busybox, command: ${body}, stop_signal: SIGKILL}\nEND\n`;
const down = (project: string) =>
  `docker ps -aq --filter label=com.docker.compose.project=${project} | xargs -r docker rm -f >/dev/null; docker network rm ${project}_default >/dev/null 2>&1;`;
const running = (project: string, service: string, count: number) =>
  `[ $(docker ps -q --filter label=com.docker.compose.project=${project} --filter label=com.docker.compose.service=${service} | wc -l) = ${count} ]`;

laws(
  "networks, volumes, images, containers and projects of docker",
  [
    {
      name: "a network",
      module: "docker_network",
      given: "docker network rm lawn1 >/dev/null 2>&1; :",
      args: { name: "lawn1", ipam_config: [{ subnet: "172.31.1.0/24" }], labels: { a: "b" } },
      holds: "docker network inspect lawn1",
    },
    {
      name: "a network that differs",
      module: "docker_network",
      given: "docker network rm lawn2 >/dev/null 2>&1; docker network create --subnet 172.31.2.0/24 lawn2",
      args: { name: "lawn2", ipam_config: [{ subnet: "172.31.3.0/24" }] },
      holds: "docker network inspect lawn2 | grep -q 172.31.3.0",
    },
    {
      name: "a network that is right",
      module: "docker_network",
      given: "docker network rm lawn3 >/dev/null 2>&1; docker network create --subnet 172.31.4.0/24 lawn3",
      args: { name: "lawn3", ipam_config: [{ subnet: "172.31.4.0/24" }] },
      changed: false,
    },
    {
      name: "a volume",
      module: "docker_volume",
      given: "docker volume rm lawv1 >/dev/null 2>&1; :",
      args: { name: "lawv1", labels: { a: "b" } },
    },
    {
      name: "an image under another name",
      module: "docker_image",
      given: "docker rmi lawother:v1 >/dev/null 2>&1; :",
      args: { name: "busybox", repository: "lawother:v1", source: "local" },
      holds: "docker image inspect lawother:v1",
    },
    {
      name: "an image that is built",
      module: "docker_image",
      given: "docker rmi lawbuilt >/dev/null 2>&1; printf 'FROM busybox\\nLABEL x=y\\n' > Dockerfile",
      args: { name: "lawbuilt", source: "build", build: { path: "HERE" } },
      holds: "docker image inspect lawbuilt",
    },
    {
      name: "a container",
      module: "docker_container",
      given: without("lawc1"),
      args: {
        name: "lawc1",
        image: "busybox",
        command: "sleep 1000",
        env: { A: "x y", B: "two\nlines" },
        labels: { l: "1" },
        ports: ["127.0.0.1:18080:80"],
        volumes: ["/etc:/host:ro"],
        restart_policy: "always",
        hostname: "inside",
        memory: "64m",
      },
      holds: "[ \"$(docker exec lawc1 sh -c 'echo $A; hostname')\" = \"$(printf 'x y\\ninside')\" ]",
    },
    {
      name: "a container that differs",
      module: "docker_container",
      given: `${without("lawc2")} docker run -d --name lawc2 -e A=1 --stop-signal KILL busybox sleep 1000`,
      args: { name: "lawc2", image: "busybox", env: { A: "2" }, stop_signal: "KILL", command: ["sleep", "1000"] },
      holds: "[ \"$(docker exec lawc2 sh -c 'echo $A')\" = 2 ]",
    },
    {
      name: "a container that is stopped",
      module: "docker_container",
      given: `${without("lawc3")} docker run -d --name lawc3 --stop-signal KILL busybox sleep 1000`,
      args: { name: "lawc3", state: "stopped" },
    },
    {
      name: "a container that is right",
      module: "docker_container",
      given: `${without("lawc4")} docker run -d --name lawc4 -l a=b busybox sleep 1000`,
      args: { name: "lawc4", image: "busybox", labels: { a: "b" }, command: "sleep 1000" },
      changed: false,
    },
    {
      name: "a container that goes",
      module: "docker_container",
      given: `${without("lawc5")} docker run -d --name lawc5 --stop-signal KILL busybox sleep 1000`,
      args: { name: "lawc5", state: "absent" },
      holds: "! docker inspect lawc5",
    },
    {
      name: "a project",
      module: "docker_compose",
      given: `${down("lawp1")} ${compose("sleep 1000")}`,
      args: { project_src: "HERE", project_name: "lawp1", files: ["env.yml"], scale: { web: 2 } },
      holds: `${running("lawp1", "web", 2)} && ${running("lawp1", "db", 1)}`,
    },
    {
      name: "a project that has drifted",
      module: "docker_compose",
      given: `${down("lawp2")} ${compose("sleep 500")} docker-compose -p lawp2 -f env.yml up -d >/dev/null 2>&1; ${compose("sleep 600")}`,
      args: { project_src: "HERE", project_name: "lawp2", files: ["env.yml"], services: ["db"] },
      holds: "docker inspect lawp2_db_1 | grep -q '\"600\"'",
    },
    {
      name: "a project that goes",
      module: "docker_compose",
      given: `${down("lawp3")} ${compose("sleep 1000")} docker-compose -p lawp3 -f env.yml up -d >/dev/null 2>&1`,
      args: { project_src: "HERE", project_name: "lawp3", files: ["env.yml"], state: "absent" },
      holds: running("lawp3", "web", 0),
    },
  ],
  {
    interrupted: 2,
    costly: true,
    image: "swarm-engine",
    setup: `until docker info >/dev/null 2>&1; do sleep 0.2; done
mkdir -p /tmp/bb/bin && cp /bin/busybox /tmp/bb/bin/ && for a in sh sleep echo hostname; do ln -sf busybox /tmp/bb/bin/$a; done
tar -C /tmp/bb -c . | docker import - busybox:latest >/dev/null`,
    watch:
      "docker ps -a --format '{{.Names}} {{.Command}} {{.Status}}' | sed 's/ Up .*/ Up/; s/ Exited .*/ Exited/' | sort; docker network ls --format '{{.Name}} {{.Driver}}' | sort; docker volume ls -q | sort; docker image ls --format '{{.Repository}}:{{.Tag}}' | sort",
  },
);
