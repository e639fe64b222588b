import type { Backend } from "./backends.ts";
import type { ProxySettings } from "./settings.ts";

/** The whole file that the proxy reads, to the byte as Interlock's own template makes it. */
export function proxyConfiguration(settings: ProxySettings, backends: readonly Backend[]): string {
  return `${head(settings)}${backends.map((backend) => site(settings, backend)).join("")}    
     

    include /etc/nginx/conf.d/*.conf;
}
`;
}

function site({ port }: ProxySettings, { domain, aliases, upstreams }: Backend): string {
  const servers = upstreams.map((upstream) => `        server ${upstream};\n`).join("");
  return `    
    
    upstream ${domain} {
        zone ${domain}_backend 64k;

${servers}        

\t
    }
    
    

    server {
        listen ${port};
        server_name ${[domain, ...aliases].join(" ")};

\t

        
\t
        location / {
            proxy_pass http://${domain};
        }
\t

        
    }
    

`;
}

function head(settings: ProxySettings): string {
  return `# managed by interlock
user  ${settings.user};
worker_processes  ${settings.workerProcesses};
worker_rlimit_nofile 65535;

error_log  /var/log/error.log warn;
pid        ${settings.pidPath};


events {
    worker_connections  ${settings.maxConnections};
}


http {
    include       /etc/nginx/mime.types;
    default_type  application/octet-stream;
    server_names_hash_bucket_size 128;
    client_max_body_size 2048M;

    log_format  main  '$remote_addr - $remote_user [$upstream_addr] [$time_local] "$request" '
                      '$status $body_bytes_sent "$http_referer" '
                      '"$http_user_agent" "$http_x_forwarded_for"';

    access_log  /var/log/nginx/access.log  main;

    sendfile        on;
    #tcp_nopush     on;

    keepalive_timeout  65;

    # If we receive X-Forwarded-Proto, pass it through; otherwise, pass along the
    # scheme used to connect to this server
    map $http_x_forwarded_proto $proxy_x_forwarded_proto {
      default $http_x_forwarded_proto;
      ''      $scheme;
    }

    #gzip  on;
    proxy_connect_timeout 600;
    proxy_send_timeout 600;
    proxy_read_timeout 600;
    proxy_set_header        X-Real-IP         $remote_addr;
    proxy_set_header        X-Forwarded-For   $proxy_add_x_forwarded_for;
    proxy_set_header        X-Forwarded-Proto $proxy_x_forwarded_proto;
    proxy_set_header        Host              $http_host;
    send_timeout 600;

    # ssl
    ssl_prefer_server_ciphers on;
    ssl_ciphers HIGH:!aNULL:!MD5;
    ssl_protocols SSLv3 TLSv1 TLSv1.1 TLSv1.2;
    

    map $http_upgrade $connection_upgrade {
        default upgrade;
        ''      close;
    }

    # default host return 503
    server {
            listen ${settings.port};
            server_name _;

            location / {
                return 503;
            }

            location /nginx_status {
                stub_status on;
                access_log off;
            }
    }

`;
}
