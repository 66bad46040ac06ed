ARG PARENT
FROM ${PARENT}
RUN apt-get update -qq \
 && apt-get install -y -qq --no-install-recommends \
    haproxy iproute2 nftables procps python3-dnslib python3-future python3-requests >/dev/null \
 && rm -rf /var/lib/apt/lists/*
COPY toxiproxy-server /usr/local/bin/toxiproxy-server
COPY toxiproxy /usr/lib/python3/dist-packages/toxiproxy
